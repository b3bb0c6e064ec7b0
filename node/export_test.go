package node

// Commands lists one of each command, for tests of what must hold for all.
func Commands() []Command {
	return []Command{DraftNote{}, ClearNote{}, ReturnNote{}, DiscardNote{}, ReleaseNote{}, SendNote{}, WithdrawNote{}, OpenNote{}, CloseNote{},
		AcceptForum{}, AddDesk{}, AddOfficial{}, SetPassword{}, EndOfficial{}, AddToken{}, EndToken{}}
}

// VerbOf gives a command's verb.
func VerbOf(c Command) Verb { return c.verb() }
