package main

import (
	"context"
	"maps"
	"slices"

	"jisr"
	"jisr/node"
)

// firstDesk is the desk that init makes: the registry, where correspondence is numbered and goes in and out.
const firstDesk = "registry"

func deskAddVerb() verb {
	return verb{
		name: "desk add", args: "ID",
		short: both{"add a desk, or change its title", "أضف مكتباً أو غيّر اسمه"},
		long: both{
			"A desk is an office: a directorate, a section, a committee's secretariat. Its title is the letterhead of its notes.",
			"المكتب جهة: مديرية أو قسم أو أمانة لجنة. ويظهر اسمه في ترويسة مذكراته.",
		},
		setup: func(o *options) runner {
			dir := o.dir()
			ar := o.text("title-ar", "TEXT", "", both{"its title in Arabic", "اسمه بالعربية"})
			en := o.text("title-en", "TEXT", "", both{"its title in English", "اسمه بالإنكليزية"})
			return func(ctx context.Context, t *terminal, operands []string) error {
				id, err := oneOperand(operands)
				if err != nil {
					return err
				}
				if _, err := t.operate(ctx, *dir, node.AddDesk{ID: jisr.DeskID(id), Title: titled(*ar, *en)}); err != nil {
					return hint(err, "jisr desk add --help")
				}
				t.note("cli.desk.added", "desk", id)
				return nil
			}
		},
	}
}

func deskReceiveVerb() verb {
	return verb{
		name: "desk receive", args: "ID",
		short: both{"make a desk the registry: what comes in is its until it is referred", "اجعل المكتب متسلِّماً للوارد إلى أن يُحال"},
		long: both{
			"What comes in and belongs to no desk yet is seen by the desks that receive, whatever its level; they refer it to a desk or name an\n" +
				"official. Where no desk receives, every desk does.",
			"ما يرد ولم يُحَل بعد تراه المكاتب المتسلِّمة أياً كانت درجته، وهي تحيله إلى مكتب أو تسمّي له موظفاً.\n" +
				"وإذا لم يكن بينها متسلِّم فكل المكاتب كذلك.",
		},
		setup: func(o *options) runner {
			dir := o.dir()
			no := o.on("no", both{"it receives no more", "لم يعد متسلِّماً"})
			return func(ctx context.Context, t *terminal, operands []string) error {
				id, err := oneOperand(operands)
				if err != nil {
					return err
				}
				if _, err := t.operate(ctx, *dir, node.SetReceives{ID: jisr.DeskID(id), Receives: !*no}); err != nil {
					return hint(err, "jisr desk list")
				}
				t.note(map[bool]string{true: "cli.desk.receives.no", false: "cli.desk.receives"}[*no], "desk", id)
				return nil
			}
		},
	}
}

func deskListVerb() verb {
	return verb{
		name:  "desk list",
		short: both{"list the desks", "اعرض المكاتب"},
		setup: func(o *options) runner {
			dir, asJSON := o.dir(), o.asJSON()
			return func(ctx context.Context, t *terminal, _ []string) error { return listDesks(ctx, t, *dir, *asJSON) }
		},
	}
}

func listDesks(ctx context.Context, t *terminal, dir string, asJSON bool) error {
	type deskJSON struct {
		Desk     jisr.DeskID `json:"desk"`
		Title    jisr.Text   `json:"title"`
		Receives bool        `json:"receives,omitempty"`
	}
	var desks map[jisr.DeskID]jisr.Desk
	err := t.house(ctx, dir, func(n *node.Node) (err error) {
		desks, err = n.Book().Desks(ctx)
		return err
	})
	if err != nil {
		return err
	}
	all := []deskJSON{}
	lines := [][]string{{"DESK", "TITLE", "RECEIVES"}}
	for _, id := range slices.Sorted(maps.Keys(desks)) {
		all = append(all, deskJSON{id, desks[id].Title, desks[id].Receives})
		lines = append(lines, []string{string(id), t.text(desks[id].Title), map[bool]string{true: "receives"}[desks[id].Receives]})
	}
	if asJSON {
		return t.json(all)
	}
	return t.table(lines)
}
