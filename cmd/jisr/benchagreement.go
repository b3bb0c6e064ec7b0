package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"jisr"
)

// agreementFigures is how long the pages of a large agreement take: its text, its changes, its own page, the forms that compare
// its languages and change it; and finding what changed between two texts.
type agreementFigures struct {
	P95      float64 `json:"p95_ms"`
	Diff     float64 `json:"diff_ms,omitempty"`
	Bytes    int     `json:"bytes,omitempty"` // of the text, as it is hashed
	Articles int     `json:"articles,omitempty"`
}

const (
	benchArticles = 200 // each a heading and two paragraphs, in three languages
	benchDiffs    = 20
	barePageLong  = 1 << 20 // bytes of a page of such a text that is only sent
)

// benchText is a text of 200 articles in three languages; changed, one paragraph in ten reads otherwise.
func benchText(parties []jisr.MemberID, changed bool) *jisr.InstrumentText {
	c := jisr.Clauses{Languages: []string{"ar", "en", "fr"}, Consent: map[jisr.MemberID]jisr.ConsentMethod{}, Force: jisr.ForceRule{On: jisr.ForceLastNotice, Days: 30}}
	t := &jisr.InstrumentText{Clauses: c, Names: map[jisr.MemberID]jisr.Text{}, Segments: []jisr.Segment{
		{ID: "title", Kind: jisr.SegmentTitle, Text: jisr.Text{"ar": "اتفاقية بين ⟦P1⟧ و⟦P2⟧", "en": "Agreement between ⟦P1⟧ and ⟦P2⟧", "fr": "Accord entre ⟦P1⟧ et ⟦P2⟧"}}}}
	for _, m := range parties {
		c.Consent[m], t.Names[m] = jisr.ByNotification, jisr.Text{"ar": "الطرف", "en": "Party " + string(m), "fr": "Partie " + string(m)}
	}
	wording := jisr.Text{"ar": "يتبادل الطرفان البيانات المبينة في الملحق كل أسبوع وبالصيغة المتفق عليها", "en": "the Parties exchange the data set out in the annex every week and in the agreed form", "fr": "les Parties échangent chaque semaine les données prévues à l'annexe"}
	also := jisr.Text{"ar": "أو كل شهر", "en": "or every month", "fr": "ou chaque mois"}
	for i := range benchArticles {
		n := fmt.Sprint(i + 1)
		t.Segments = append(t.Segments, jisr.Segment{ID: "a" + n, Kind: jisr.SegmentArticle, Number: n, Text: jisr.Text{"ar": "التبادل", "en": "Exchange", "fr": "Échange"}})
		for p := range 2 {
			text := jisr.Text{}
			for lang, w := range wording {
				text[lang] = n + " " + strings.TrimSpace(strings.Repeat(w+" ", 4))
				if changed && p == 0 && i%10 == 0 {
					text[lang] += " " + also[lang]
				}
			}
			t.Segments = append(t.Segments, jisr.Segment{ID: fmt.Sprintf("a%s-p%d", n, p+1), Kind: jisr.SegmentParagraph, Number: fmt.Sprint(p + 1), Text: text})
		}
	}
	return t
}

// agreements has a large text tabled twice, and asks for its pages as an official's browser does.
func (b *bench) agreements(ctx context.Context, r *report) error {
	parties := []jisr.MemberID{jisr.MemberID(b.houses[0].member), jisr.MemberID(b.houses[1].member)}
	slices.Sort(parties)
	at := "/api/v1/forums/" + string(benchForum) + "/agreements"
	id, err := b.says(ctx, 0, at, map[string]any{"kind": "agreement", "title": map[string]string{"ar": "اتفاقية قياس"}, "parties": parties, "binding": true, "release": true})
	if err != nil {
		return err
	}
	if _, err := b.says(ctx, 1, at+"/"+id+"/steps", map[string]any{"kind": "negotiate", "terms": map[string]any{"binding": true}, "release": true}); err != nil {
		return err
	}
	old, newer := benchText(parties, false), benchText(parties, true)
	for _, t := range []*jisr.InstrumentText{old, newer} {
		if _, err := b.says(ctx, 0, at+"/"+id+"/steps", map[string]any{"kind": "table", "body": t, "release": true}); err != nil {
			return err
		}
	}
	raw, err := newer.Encode()
	if err != nil {
		return err
	}
	r.Agreement = &agreementFigures{Bytes: len(raw), Articles: benchArticles, Diff: diffFor(func() bool { return len(old.Compare(newer)) > 0 })}
	r.Agreement.P95, err = b.agreementPages(ctx, "/ar/agreements/"+string(benchForum)+"/"+id, old, newer)
	return err
}

func (b *bench) agreementPages(ctx context.Context, at string, old, newer *jisr.InstrumentText) (float64, error) {
	client, err := b.signIn(ctx)
	if err != nil {
		return 0, err
	}
	short := func(t *jisr.InstrumentText) string {
		h, _ := t.Hash()
		return strings.TrimPrefix(string(h), "sha256:")[:12]
	}
	paths := []string{at, at + "/text", at + "/text?version=" + short(newer) + "&against=" + short(old), at + "/say/concord", at + "/text/edit?part=a100", at + "/text/edit?part=clauses"}
	return rounds(b.plan.pages/4, 3, paths, b.asks(ctx, client))
}

// says posts to one of the nodes and waits until the other holds what was said and both have taken it in.
func (b *bench) says(ctx context.Context, house int, path string, in any) (string, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.houses[house].url+path, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + b.houses[house].token}, "Prefer": {"wait=20"}}
	res, err := b.client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil || res.StatusCode != http.StatusOK {
		return "", errors.Join(err, fmt.Errorf("the node answered %s to %s: %s", res.Status, path, bytes.TrimSpace(answer)))
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(answer, &made); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, heldWithin)
	defer cancel()
	return made.ID, b.alike(ctx)
}

// alike waits until both nodes' books have taken in the same logs.
func (b *bench) alike(ctx context.Context) error {
	for {
		var sizes [2]map[string]int
		for i := range sizes {
			var digest struct {
				Sizes map[string]int `json:"sizes"`
			}
			if err := b.getFrom(ctx, i, "/api/v1/forums/"+string(benchForum)+"/digest", &digest); err != nil {
				return err
			}
			sizes[i] = digest.Sizes
		}
		if maps.Equal(sizes[0], sizes[1]) {
			return nil
		}
		if err := pause(ctx, readyEvery); err != nil {
			return err
		}
	}
}

// diffFor is how long it takes, in the middle of several times.
func diffFor(do func() bool) float64 {
	var took []time.Duration
	for range benchDiffs {
		begin := time.Now()
		if !do() {
			return 0
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	return quantile(took, 0.5)
}

// bareAgreements: a page as long as such a text that is only sent; and the words of two texts held against each other one by
// one, which finds no more than the first that differs.
func bareAgreements(ctx context.Context, _ string, plan benchPlan, f *figures) error {
	p95, err := onlySent(ctx, barePageLong, plan.pages)
	if err != nil {
		return err
	}
	parties := []jisr.MemberID{"iq", "sy"}
	old, newer := benchText(parties, false), benchText(parties, true)
	f.Agreement = &agreementFigures{P95: p95, Diff: diffFor(func() bool {
		same := 0
		for i := range old.Segments {
			for lang, text := range old.Segments[i].Text {
				if slices.Equal(strings.Fields(text), strings.Fields(newer.Segments[i].Text[lang])) {
					same++
				}
			}
		}
		return same > 0
	})}
	return nil
}
