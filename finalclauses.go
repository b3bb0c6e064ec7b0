package jisr

// ClauseLine is one paragraph of the final clauses that follow from their data: which template of words ("clause.<key>"),
// under which heading ("clause.heading.<heading>"), with which numbers and days. A form offers them as a draft to edit.
type ClauseLine struct {
	Heading string
	Key     string
	Months  int
	Days    int
	Count   int
	Date    Date
	Lang    string // of a prevailing text
}

// Lines gives the final clauses in words' templates, in their usual order. binding says whether treaty wording is wanted:
// a memorandum comes into effect and its participants intend.
func (c *Clauses) Lines(binding bool) []ClauseLine {
	soft := ""
	if !binding {
		soft = ".soft"
	}
	f := &c.Force
	force := ClauseLine{Heading: "force", Key: "force." + string(f.On) + soft, Months: f.Months, Days: f.Days, Count: f.Count, Date: f.Date}
	all := []ClauseLine{force}
	if f.Months > 0 {
		all = append(all, ClauseLine{Heading: "force", Key: "force.after-months", Months: f.Months})
	}
	if f.Days > 0 {
		all = append(all, ClauseLine{Heading: "force", Key: "force.after-days", Days: f.Days})
	}
	if f.FirstOfMon {
		all = append(all, ClauseLine{Heading: "force", Key: "force.first-of-month"})
	}
	if c.Provision {
		all = append(all, ClauseLine{Heading: "force", Key: "provisional"})
	}
	switch {
	case c.Months > 0:
		all = append(all, ClauseLine{Heading: "duration", Key: "duration.months" + soft, Months: c.Months})
	case c.Until != "":
		all = append(all, ClauseLine{Heading: "duration", Key: "duration.until" + soft, Date: c.Until})
	default:
		all = append(all, ClauseLine{Heading: "duration", Key: "duration.unlimited" + soft})
	}
	if c.Renewal > 0 {
		all = append(all, ClauseLine{Heading: "duration", Key: "renewal" + soft, Months: c.Renewal})
	}
	if !c.NoExit {
		all = append(all, ClauseLine{Heading: "duration", Key: "notice" + soft, Months: c.NoticeMonths()})
	}
	all = append(all, ClauseLine{Heading: "amendment", Key: "amendment" + soft}, ClauseLine{Heading: "disputes", Key: "disputes" + soft})
	languages := ClauseLine{Heading: "languages", Key: "languages.one", Count: len(c.Languages)}
	if len(c.Languages) > 1 {
		languages.Key = "languages.equal"
	}
	all = append(all, languages)
	if c.Prevailing != "" {
		all = append(all, ClauseLine{Heading: "languages", Key: "languages.prevailing", Lang: c.Prevailing})
	}
	return all
}

// DomesticTemplate gives the ids of the steps a member's law usually asks, by its ISO 3166 code; words names them
// ("domestic.step.<country>.<id>"). It is a draft to edit: what a constitution asks is contested and changes. Any other
// country has the general one.
func DomesticTemplate(country string) (of string, steps []string) {
	switch country {
	case "iq": // Law 35 of 2015 on the conclusion of treaties
		return "iq", []string{"negotiation", "cabinet-authorises", "signature", "cabinet-approves", "parliament-law", "president", "gazette", "instrument", "notification"}
	case "sy": // constitutional declaration of 13 March 2025
		return "sy", []string{"negotiation", "authorisation", "signature", "assembly", "president", "gazette", "instrument", "notification"}
	}
	return "any", []string{"negotiation", "authorisation", "signature", "approval", "publication", "notification"}
}
