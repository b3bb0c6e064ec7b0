package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"jisr"
	"jisr/book"
	"jisr/node"
)

// accountJSON is an official or a token for programs. Secret is there once: when it is made.
type accountJSON struct {
	Official  string           `json:"official,omitempty"`
	Token     string           `json:"token,omitempty"` // its id, not the secret
	Post      jisr.Text        `json:"post,omitempty"`
	Title     jisr.Text        `json:"title,omitempty"`
	Desk      jisr.DeskID      `json:"desk,omitempty"`
	Roles     []jisr.Role      `json:"roles,omitempty"`
	Expires   jisr.Date        `json:"expires,omitempty"`
	Ended     bool             `json:"ended,omitempty"`
	Scope     *jisr.TokenScope `json:"scope,omitempty"`
	ClientKey jisr.Commitment  `json:"client_key,omitempty"`
	LastUsed  *time.Time       `json:"last_used,omitempty"` // to the minute
	Password  string           `json:"password,omitempty"`
	Secret    string           `json:"secret,omitempty"`
}

func officialAddVerb() verb {
	return verb{
		name: "official add", args: "ID",
		short: both{"add a post, or change its title, desk and roles", "أضف منصباً أو غيّر اسمه ومكتبه وصلاحياته"},
		long: both{
			"ID is what the official signs in with, for example first.secretary. A post is an office, not a person: no names.\nRoles: reader, drafter, releaser, admin. Who drafts a note does not clear or release it, so two posts are needed.\nThe password is made and printed once; with --password-stdin it is read from standard input. A post that is changed gets a new one.",
			"المعرّف هو ما يسجّل به الموظف الدخول، مثل first.secretary. المنصب وظيفة لا شخص، فلا تُكتب أسماء.\nالصلاحيات: reader، drafter، releaser، admin. ومن يصوغ مذكرة لا يجيزها ولا يصدرها، فيلزم منصبان.\nتُنشأ كلمة المرور وتُطبع مرة واحدة (وتتجدد عند تغيير المنصب)، أو تُقرأ من الدخل القياسي مع \u200e--password-stdin\u200e.",
		},
		setup: func(o *options) runner {
			dir, asJSON := o.dir(), o.asJSON()
			ar := o.text("post-ar", "TEXT", "", both{"the post in Arabic", "المنصب بالعربية"})
			en := o.text("post-en", "TEXT", "", both{"the post in English", "المنصب بالإنكليزية"})
			desk := o.text("desk", "DESK", firstDesk, both{"the desk it belongs to", "المكتب الذي يتبع له"})
			roles := o.text("roles", "ROLES", "drafter", both{"with commas between", "مفصولة بفواصل"})
			stdin := o.on("password-stdin", both{"read the password from standard input", "اقرأ كلمة المرور من الدخل القياسي"})
			return func(ctx context.Context, t *terminal, operands []string) error {
				id, err := oneOperand(operands)
				if err != nil {
					return err
				}
				cmd := node.AddOfficial{ID: jisr.OfficialID(id), Post: titled(*ar, *en), Desk: jisr.DeskID(*desk), Roles: rolesOf(*roles)}
				if cmd.Password, err = t.password(*stdin); err != nil {
					return err
				}
				done, err := t.operate(ctx, *dir, cmd)
				if err != nil {
					return hint(err, "jisr desk list · jisr official add --help")
				}
				if *asJSON {
					return t.json(accountJSON{Official: id, Post: cmd.Post, Desk: cmd.Desk, Roles: cmd.Roles, Password: done.Secret})
				}
				t.note("cli.official.added", "official", id, "desk", string(cmd.Desk))
				t.secret("cli.password", done.Secret)
				return nil
			}
		},
	}
}

func officialPasswordVerb() verb {
	return verb{
		name: "official password", args: "ID",
		short: both{"give a post a new password; its open sessions end", "أعطِ المنصب كلمة مرور جديدة، وتنتهي جلساته المفتوحة"},
		setup: func(o *options) runner {
			dir, asJSON := o.dir(), o.asJSON()
			stdin := o.on("password-stdin", both{"read the password from standard input", "اقرأ كلمة المرور من الدخل القياسي"})
			return func(ctx context.Context, t *terminal, operands []string) error {
				id, err := oneOperand(operands)
				if err != nil {
					return err
				}
				password, err := t.password(*stdin)
				if err != nil {
					return err
				}
				done, err := t.operate(ctx, *dir, node.SetPassword{ID: jisr.OfficialID(id), Password: password})
				if err != nil {
					return hint(err, "jisr official list")
				}
				if *asJSON {
					return t.json(accountJSON{Official: id, Password: done.Secret})
				}
				t.note("cli.official.password", "official", id)
				t.secret("cli.password", done.Secret)
				return nil
			}
		},
	}
}

func officialEndVerb() verb {
	return verb{
		name: "official end", args: "ID",
		short: both{"end a post's access; what it did stays", "أنهِ صلاحية المنصب، ويبقى ما فعله في السجل"},
		setup: func(o *options) runner {
			dir := o.dir()
			return func(ctx context.Context, t *terminal, operands []string) error {
				id, err := oneOperand(operands)
				if err != nil {
					return err
				}
				if _, err := t.operate(ctx, *dir, node.EndOfficial{ID: jisr.OfficialID(id)}); err != nil {
					return hint(err, "jisr official list")
				}
				t.note("cli.official.ended", "official", id)
				return nil
			}
		},
	}
}

func officialListVerb() verb {
	return verb{
		name:  "official list",
		short: both{"list the posts that can sign in", "اعرض المناصب التي تسجّل الدخول"},
		setup: func(o *options) runner {
			dir, asJSON := o.dir(), o.asJSON()
			return func(ctx context.Context, t *terminal, _ []string) error {
				return t.accounts(ctx, *dir, "official", *asJSON)
			}
		},
	}
}

// accounts lists officials or tokens.
func (t *terminal) accounts(ctx context.Context, dir, noun string, asJSON bool) error {
	var rows []book.AccountRow
	used := map[jisr.ThingID]time.Time{}
	err := t.house(ctx, dir, func(n *node.Node) (err error) {
		rows, err = n.Book().Accounts(ctx)
		for _, r := range rows {
			used[r.ID] = n.LastUsed(r.ID).Truncate(time.Minute)
		}
		return err
	})
	if err != nil {
		return err
	}
	all := []accountJSON{}
	lines := [][]string{{strings.ToUpper(noun), "DESK", "ROLES", "EXPIRES", "TITLE"}}
	if noun == "token" {
		lines = [][]string{{"TOKEN", "DESK", "ROLES", "EXPIRES", "TITLE", "SCOPE", "USED"}}
	}
	for _, r := range rows {
		if r.ID.Noun() != noun {
			continue
		}
		a := accountJSON{Desk: r.Account.Desk, Roles: r.Account.Roles, Expires: r.Account.Expires, Ended: r.Account.Ended != nil}
		if noun == "official" {
			a.Official, a.Post = r.ID.Name(), r.Account.Title
		} else {
			a.Token, a.Title, a.ClientKey = r.ID.Name(), r.Account.Title, r.Account.ClientKey
			if s := r.Account.Scope; !s.Empty() {
				a.Scope = &s
			}
			if at := used[r.ID]; !at.IsZero() {
				a.LastUsed = &at
			}
		}
		all = append(all, a)
		until := string(r.Account.Expires)
		if a.Ended {
			until = t.lang.T("cli.ended")
		}
		line := []string{r.ID.Name(), string(a.Desk), strings.Join(roleNames(a.Roles), ","), until, t.text(r.Account.Title)}
		if noun == "token" {
			line = append(line, scopeLine(r.Account.Scope), t.lastUsed(a.LastUsed))
		}
		lines = append(lines, line)
	}
	if asJSON {
		return t.json(all)
	}
	return t.table(lines)
}

func scopeLine(s jisr.TokenScope) string {
	all := slices.Concat(strs(s.Forums), s.Programmes, s.Verbs)
	if len(all) == 0 {
		return "-"
	}
	return strings.Join(all, ",")
}

func (t *terminal) lastUsed(at *time.Time) string {
	if at == nil {
		return "-"
	}
	return t.lang.DateTime(*at)
}

// password reads one from standard input when asked to; empty: the node makes one.
func (t *terminal) password(stdin bool) (string, error) {
	if !stdin {
		return "", nil
	}
	p, err := t.line()
	if err == nil && p == "" {
		err = jisr.Refuse(jisr.Missing, "password")
	}
	return p, err
}

// secret prints what is shown once: the sentence on standard error, the secret alone on standard output, so that
// a program can take it. Nothing is printed when the caller chose the secret.
func (t *terminal) secret(key, secret string) {
	if secret == "" {
		return
	}
	t.note(key)
	fmt.Fprintln(t.out, secret)
}

func oneOperand(operands []string) (string, error) {
	if len(operands) != 1 {
		return "", usage("cli.one-operand")
	}
	return operands[0], nil
}
