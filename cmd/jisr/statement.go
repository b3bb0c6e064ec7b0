package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"

	"jisr"
	"jisr/node"
)

// statement plays a joint statement from its first paragraph to its release, what one side says of it alone, and what
// readers wrote under it that nobody has looked at yet.
func (s *stage) statement(ctx context.Context) error {
	s.clock.forward(s.on(2, 10))
	id, err := s.say(ctx, "iq", node.Say{Kind: jisr.KindStatementPropose, Terms: jisr.StatementTerms{Members: []jisr.MemberID{"iq", "sy"}, Languages: []string{"ar", "en"},
		Title: jisr.Text{"ar": "بيان مشترك عن مياه نهر الفرات والمنافذ", "en": "Joint statement on the waters of the Euphrates and the crossings"}}})
	if err != nil {
		return err
	}
	for i, m := range []jisr.MemberID{"iq", "sy"} {
		s.clock.forward(s.on(2, 11+i))
		if err := s.write(ctx, m, id); err != nil {
			return err
		}
	}
	s.clock.forward(s.on(2, 15))
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		if _, err := s.say(ctx, m, node.ApproveStatement{Forum: s.cast.forum, ID: id}); err != nil {
			return err
		}
	}
	s.clock.forward(s.on(2, 17))
	if _, err := s.say(ctx, "iq", node.ReleaseStatement{Forum: s.cast.forum, ID: id}); err != nil {
		return err
	}
	for _, m := range []jisr.MemberID{"iq", "sy"} { // each on its own public page
		if err := s.beside(ctx, m, id); err != nil {
			return err
		}
	}
	_, err = s.say(ctx, "sy", node.Say{Kind: jisr.KindReadoutRelease, Terms: jisr.ReadoutTerms{Of: id, Title: jisr.Text{"ar": "عن مياه نهر الفرات والمنافذ", "en": "On the waters of the Euphrates and the crossings"}},
		Body: jisr.ReadoutBody{Text: jisr.Text{
			"ar": "اتفق الجانبان على تبادل مناسيب نهر الفرات وتصاريفه كل يوم. ورحّب الجانب السوري بفتح قاعة مشتركة للتفتيش في منفذ البوكمال قبل نهاية العام.",
			"en": "The two sides agreed to exchange levels and discharges of the Euphrates every day. The Syrian side welcomed the opening of a joint inspection hall at the Albukamal crossing before the end of the year."}}})
	return err
}

// write has the secretary of a side write that side's paragraph.
func (s *stage) write(ctx context.Context, m jisr.MemberID, id jisr.ThingID) error {
	text := map[jisr.MemberID]jisr.Text{
		"iq": {"ar": "اتفق الجانبان على تبادل مناسيب نهر الفرات وتصاريفه كل أسبوع، وعلى أن تُراجَع القراءات في محطتي حصيبة وجرابلس معاً.",
			"en": "The two sides agreed to exchange levels and discharges of the Euphrates every week, and to review the readings at Husaybah and Jarabulus together."},
		"sy": {"ar": "ورحّبا بفتح قاعة مشتركة للتفتيش في منفذ القائم ـ البوكمال، على أن تعمل يومياً من السادسة صباحاً إلى العاشرة مساءً.",
			"en": "They welcomed the opening of a joint inspection hall at the Al-Qa'im–Albukamal crossing, to work every day from six in the morning to ten in the evening."},
	}[m]
	op := jisr.Op{Segment: string(m) + "-p1", Kind: jisr.Narrative}
	if m == "sy" {
		op.After = "iq-p1"
	}
	_, err := s.nodes[m].Do(ctx, s.caller(m, postDrafter), node.Say{Forum: s.cast.forum, ID: id, Kind: jisr.KindStatementEdit, Terms: jisr.EditTerms{Ops: []jisr.Op{op}}, Body: jisr.EditBody{Texts: []jisr.Text{text}}})
	if err != nil {
		return fmt.Errorf("couldn't write a paragraph of the statement: %w", err)
	}
	return s.settle(ctx)
}

// beside puts a picture beside the statement on a side's public page, and has two readers comment there.
func (s *stage) beside(ctx context.Context, m jisr.MemberID, id jisr.ThingID) error {
	file, err := bridgeAtDusk()
	if err != nil {
		return err
	}
	p, err := node.ReadPicture(file)
	if err != nil {
		return fmt.Errorf("couldn't read the picture of the story: %w", err)
	}
	alt := jisr.Text{"ar": "صورة تجريبية مرسومة بالحساب: جسر ذو أقواس فوق نهر عند الغروب.", "en": "A demonstration picture, drawn by computation: a bridge of arches over a river at dusk."}
	if err := s.as(ctx, m, postReleaser, node.ShowPicture{Forum: s.cast.forum, Statement: id, Alt: alt, Picture: p}); err != nil {
		return err
	}
	for _, c := range []jisr.CommentBody{
		{Name: "قارئ من دير الزور (تجريبي)", Email: "reader.one@readers.example", Lang: "ar", Text: "هل تُنشر القراءات الأسبوعية للعموم؟ يهمّ ذلك المزارعين على ضفتي النهر."},
		{Name: "A reader (demonstration)", Email: "reader.two@readers.example", Lang: "en", Text: "Will lorries carrying fresh produce have a lane of their own in the joint hall?"},
	} {
		if err := s.nodes[m].TakeComment(ctx, s.cast.forum, id, c); err != nil {
			return fmt.Errorf("couldn't keep a comment of the story: %w", err)
		}
	}
	return nil
}

// bridgeAtDusk draws a picture by rule: a bridge of arches, the sun behind it, and both again in the river.
func bridgeAtDusk() ([]byte, error) {
	const width, height, water = 800, 450, 290
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			if y < water {
				img.SetRGBA(x, y, duskAt(x, y))
				continue
			}
			wave := int(4 * math.Sin(float64(y)*float64(y)/900))
			img.SetRGBA(x, y, blend(duskAt(x+wave, max(2*water-y, 0)), color.RGBA{24, 44, 66, 255}, 0.45))
		}
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		return nil, fmt.Errorf("couldn't draw the picture of the story: %w", err)
	}
	return b.Bytes(), nil
}

// duskAt is the colour of a point above the water.
func duskAt(x, y int) color.RGBA {
	stone, bank := color.RGBA{70, 58, 62, 255}, color.RGBA{98, 78, 72, 255}
	fromPier := x%160 - 80
	switch {
	case y >= 196 && y < 206, y >= 206 && fromPier*fromPier+(y-282)*(y-282) > 68*68: // the deck, and what carries it
		return stone
	case y > 250-int(14*math.Sin(float64(x)/140)):
		return bank
	case (x-560)*(x-560)+(y-150)*(y-150) < 44*44:
		return color.RGBA{255, 214, 140, 255}
	}
	return blend(color.RGBA{58, 74, 122, 255}, color.RGBA{246, 160, 110, 255}, float64(y)/260)
}

// blend is a colour so far on the way to another.
func blend(from, to color.RGBA, part float64) color.RGBA {
	part = min(max(part, 0), 1)
	at := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*part) }
	return color.RGBA{at(from.R, to.R), at(from.G, to.G), at(from.B, to.B), 255}
}
