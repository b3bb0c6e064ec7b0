package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"jisr"
	"jisr/node"
	"jisr/programme"
)

// What flows under the agreement in force. Series that exist nowhere openly (the Euphrates by day, the crossings, outbreaks by
// governorate, returns by month) are made by the rules below, around figures that were published, and every batch of them
// says that it is synthetic. The stocks of refugees are UNHCR's own, as published.
const (
	flowDays   = 340 // how long ago the first record was sent: the agreement was in force by then
	dailyDays  = 30  // since when each day's readings leave on their day; before, by the week, and so after their time
	tradeDays  = 120 // how long ago the first consignment was announced
	readWithin = 1   // days after which what was sent has been acknowledged
	missedDay  = 3   // how many days ago one side's readings did not come
)

// sending is records that leave at a time of the story.
type sending struct {
	ago  time.Duration
	by   jisr.MemberID
	prog string // the annex
	typ  string
	made []map[string]any
	at   jisr.Handling // none: what the annex says
}

// schedule lists everything that flows, the earliest first.
func (s *stage) schedule() []sending {
	var all []sending
	for _, make := range []func() []sending{s.water, s.crossings, s.consignments, s.returns, s.outbreaks, s.projects, s.threats} {
		all = append(all, make()...)
	}
	slices.SortStableFunc(all, func(a, b sending) int { return cmp.Compare(b.ago, a.ago) })
	return all
}

// deliver sends what is due before the story's clock moves to so long ago. Nothing waits for the other side.
func (s *stage) deliver(ctx context.Context, ago time.Duration) error {
	for len(s.sendings) > 0 && s.sendings[0].ago > ago {
		x := s.sendings[0]
		s.sendings = s.sendings[1:]
		s.clock.move(x.ago)
		if err := s.flow(ctx, x); err != nil {
			return fmt.Errorf("couldn't send %s of %s: %w", x.typ, x.by, err)
		}
	}
	return nil
}

func (s *stage) flow(ctx context.Context, x sending) error {
	cmd := node.SendRecords{Forum: s.cast.forum, Programme: s.laid[x.prog], Type: x.typ, Handling: x.at, Synthetic: true}
	for _, r := range x.made {
		raw, err := json.Marshal(r)
		if err != nil {
			return err
		}
		cmd.Records = append(cmd.Records, raw)
	}
	done, err := s.nodes[x.by].Do(ctx, s.program(x.by), cmd)
	if err != nil || x.prog != "hea" || x.ago < readWithin*24*time.Hour {
		return err
	}
	if err := s.settle(ctx); err != nil { // what asks to be acknowledged is, but for the last days
		return err
	}
	to := otherOf(x.by)
	_, err = s.nodes[to].Do(ctx, s.program(to), node.AcknowledgeRecords{Forum: cmd.Forum, Batch: done.Thing})
	return err
}

// program is the token that an office's own system sends records with.
func (s *stage) program(m jisr.MemberID) node.Caller {
	return node.Caller{Account: "token/demo", Title: jisr.Text{"ar": "برنامج تجريبي", "en": "Demonstration program"}, Desk: deskForeign, DeskName: s.desk(m, deskForeign), Roles: []jisr.Role{jisr.Direct, jisr.Reader}}
}

// noise is the same for the same things, between -1 and 1.
func noise(of string, day int) float64 {
	h := uint64(14695981039346656037) // FNV-1a
	for _, b := range fmt.Append(nil, of, day) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return float64(h%20_001)/10_000 - 1
}

// day is noon so many days ago, where the offices of the story are.
func (s *stage) dayAt(ago, hour int) time.Time {
	return s.now.Add(-s.on(ago, hour))
}

// batches puts the records of days together as they are sent: by the week while that is long ago, then every day.
func (s *stage) batches(by jisr.MemberID, prog, typ string, from, daily, hour int, of func(ago int) []map[string]any) (all []sending) {
	next := sending{by: by, prog: prog, typ: typ}
	for ago := from; ago >= 0; ago-- {
		next.made = append(next.made, of(ago)...)
		if ago > daily && ago%7 != daily%7 || len(next.made) == 0 {
			continue
		}
		if next.ago = s.on(ago, hour); next.ago > 0 { // not what is still to come today
			all = append(all, next)
		}
		next.made = nil
	}
	return all
}

// discharge is a rule around the published figures: 500 m³/s agreed at the border, 300 and less in dry months.
func (s *stage) discharge(station string, ago int) float64 {
	season := math.Cos(2 * math.Pi * float64(s.dayAt(ago, 8).YearDay()-100) / 365) // the snow melts in April
	jarablus := 395 + 105*season + 22*noise("JRB", ago/3) + 9*noise("jrb", ago)
	part := map[string]float64{"JRB": 1, "BKM": 0.61, "HSB": 0.595}[station] + 0.02*noise(station, ago)
	return math.Round(jarablus*part*10) / 10
}

func (s *stage) water() []sending {
	reading := func(station, river, property string, ago int, value float64, unit string) map[string]any {
		return map[string]any{"station": station, "river": river, "property": property, "time": s.dayAt(ago, 7).Format(time.RFC3339), "aggregation": "daily-mean", "value": value, "unit": unit,
			"quality": "unchecked", "method": "telemetry", "remark": "قيمة مولّدة بقاعدة للعرض، وليست قياساً"}
	}
	stored := func(dam string, most float64, ago int) map[string]any {
		part := 0.62 + 0.16*math.Cos(2*math.Pi*float64(s.dayAt(ago, 8).YearDay()-150)/365) + 0.03*noise(dam, ago/10)
		return reading(dam, map[bool]string{true: "tigris", false: "euphrates"}[dam == "MOSUL"], "storage", ago, math.Round(most*part), "HMQ")
	}
	sy := func(ago int) []map[string]any {
		if ago == missedDay {
			return nil
		}
		all := []map[string]any{reading("JRB", "euphrates", "discharge", ago, s.discharge("JRB", ago), "MQS"), reading("BKM", "euphrates", "discharge", ago, s.discharge("BKM", ago), "MQS")}
		if ago%7 == 0 {
			all = append(all, stored("TISHRIN", 1300, ago), stored("TABQA", 11700, ago), stored("BAATH", 90, ago))
		}
		return all
	}
	iq := func(ago int) []map[string]any {
		all := []map[string]any{reading("HSB", "euphrates", "discharge", ago, s.discharge("HSB", ago), "MQS")}
		if ago%30 == 12 {
			all[0]["joint_reading"] = true
		}
		if ago%7 == 0 {
			all = append(all, stored("HADITHA", 8280, ago), stored("MOSUL", 11110, ago))
		}
		return all
	}
	return append(s.batches("sy", "wat", "water_observation", flowDays, dailyDays, 9, sy), s.batches("iq", "wat", "water_observation", flowDays, dailyDays, 8, iq)...)
}

// crossingCodes are the three crossings of the annexes, with how busy each is.
func crossingCodes() []string {
	return []string{"X-QAIM-BUKAMAL", "X-WALEED-TANF", "X-RABIA-YARUBIYAH"}
}

func (s *stage) crossings() (all []sending) {
	busy := map[string]float64{"X-QAIM-BUKAMAL": 430, "X-WALEED-TANF": 120, "X-RABIA-YARUBIYAH": 240}
	for _, m := range []jisr.MemberID{"iq", "sy"} {
		direction := map[jisr.MemberID]string{"iq": "out", "sy": "in"}[m]
		all = append(all, s.batches(m, "trd", "crossing_status", flowDays, dailyDays/2, 9, func(ago int) (day []map[string]any) {
			for _, code := range crossingCodes() {
				trucks := busy[code] * (1 + 0.25*float64(flowDays-ago)/flowDays + 0.05*noise(code+direction, ago))
				if s.dayAt(ago, 9).Weekday() == time.Friday {
					trucks *= 0.8
				}
				r := map[string]any{"crossing": code, "observed_at": s.dayAt(ago, 8).Format(time.RFC3339), "direction": direction, "state": "open", "trucks_processed_24h": int(trucks),
					"trucks_waiting": int(trucks / 9), "wait_minutes": int(35 + 30*math.Abs(noise(code, ago)))}
				if code == "X-WALEED-TANF" && ago > 60 && ago < 84 {
					r["state"], r["trucks_processed_24h"], r["trucks_waiting"] = "closed", 0, 0
					r["reason"] = map[string]string{"ar": "أعمال صيانة (بيانات تجريبية)", "en": "Maintenance (demonstration data)"}
				}
				day = append(day, r)
			}
			return day
		})...)
	}
	return all
}

func (s *stage) consignments() []sending {
	goods := []struct{ hs, ar, en string }{{"070200", "طماطم", "Tomatoes"}, {"100199", "قمح", "Wheat"}, {"252329", "إسمنت", "Cement"}, {"151590", "زيت زيتون", "Olive oil"}, {"392410", "أدوات بلاستيكية", "Plastic ware"},
		{"610910", "ألبسة قطنية", "Cotton garments"}, {"271012", "مشتقات نفطية", "Petroleum products"}, {"080410", "تمور", "Dates"}, {"300490", "أدوية", "Medicaments"}, {"010410", "أغنام", "Sheep"}, {"841510", "مكيفات", "Air conditioners"}, {"690721", "سيراميك", "Ceramic tiles"}}
	of := func(m jisr.MemberID) func(ago int) []map[string]any {
		from, to := map[jisr.MemberID]string{"iq": "IQ", "sy": "SY"}[m], map[jisr.MemberID]string{"iq": "SY", "sy": "IQ"}[m]
		return func(ago int) (day []map[string]any) {
			for n := range 2 {
				g := goods[int(1e4*(1+noise(from, ago*2+n)))%len(goods)]
				announced := s.dayAt(ago, 7+n)
				hours := 2.5 + 6*math.Pow(noise("release"+from, ago*2+n), 2)
				day = append(day, map[string]any{"ucr": fmt.Sprintf("%s-DEMO-%05d", from, ago*2+n), "procedure": "export", "crossing": crossingCodes()[(ago+n)%3], "announced_at": announced.Format(time.RFC3339),
					"eta": announced.Add(time.Duration(9+8*math.Abs(noise("eta", ago+n))) * time.Hour).Format(time.RFC3339), "hs_code": g.hs, "description": map[string]string{"ar": g.ar, "en": g.en}, "origin": from, "destination": to,
					"gross_mass": math.Round(14_000 + 9_000*noise("mass"+from, ago*2+n)), "value": math.Round(38_000 + 30_000*noise("value"+from, ago*2+n)), "currency": "USD", "transport_mode": "3",
					"status": "released", "status_time": announced.Add(time.Duration(hours * float64(time.Hour))).Format(time.RFC3339)})
			}
			return day
		}
	}
	return append(s.batches("iq", "trd", "consignment_notice", tradeDays, 1, 21, of("iq")), s.batches("sy", "trd", "consignment_notice", tradeDays, 1, 21, of("sy"))...)
}

// returns are by month, within fifteen days of its end, around UNHCR's total of the last year (37,107 from Iraq). Syria tells of the arrivals it
// counted, of all months but the last.
func (s *stage) returns() (all []sending) {
	homes := []struct {
		code string
		part float64
	}{{"SY-HA", 0.3}, {"SY-DY", 0.27}, {"SY-HL", 0.16}, {"SY-RD", 0.1}, {"SY-HI", 0.07}, {"SY-RA", 0.06}, {"SY-ID", 0.04}}
	for ago := 320; ago > 12; ago -= 30 {
		month := s.dayAt(ago, 9).AddDate(0, -1, 0).Format("2006-01")
		x := sending{ago: s.on(ago-2, 11), by: "iq", prog: "ref", typ: "population_movement"}
		y := sending{ago: s.on(ago-4, 10), by: "sy", prog: "ref", typ: "population_movement"}
		for i, h := range homes {
			for k, code := range []string{"X-QAIM-BUKAMAL", "X-RABIA-YARUBIYAH"} {
				n := int(3_100 * h.part * []float64{0.64, 0.36}[k] * (1 + 0.3*noise(h.code, ago)))
				figure := map[string]any{"period": month, "origin": "SY", "asylum": "IQ", "admin_to": h.code, "crossing": code, "category": "returned_refugees", "measure": "returns", "total": n,
					"return_mode": []string{"assisted", "organised", "spontaneous"}[i%3], "voluntary_verified": 100, "source": "border-count", "shared_with_unhcr": true}
				x.made = append(x.made, figure)
				theirs := maps.Clone(figure)
				theirs["measure"], theirs["total"] = "arrivals", n-n/50
				y.made = append(y.made, theirs)
			}
		}
		if all = append(all, x); ago-30 > 12 {
			all = append(all, y)
		}
	}
	return all
}

func (s *stage) outbreaks() (all []sending) {
	places := map[jisr.MemberID][]string{"iq": {"IQ-AN", "IQ-NI", "IQ-BG", "IQ-BA", "IQ-KI"}, "sy": {"SY-DY", "SY-HL", "SY-RA", "SY-HA"}}
	for m, where := range places {
		x := sending{by: m, prog: "hea", typ: "health_event"}
		for week := flowDays / 7; week > 0; week-- {
			ago := week * 7
			peak := math.Exp(-math.Pow(float64(week-11), 2) / 40)
			for i, code := range where {
				cases := int((60-9*float64(i))*peak*(1+0.3*noise(code, week)) + 2)
				x.made = append(x.made, map[string]any{"ref": fmt.Sprintf("DEMO-%s-%02d", code, week), "detected_on": s.dayAt(ago, 9).Format(time.DateOnly), "disease": "A00", "always_notifiable": false, "crit_serious": "yes",
					"crit_unusual": "no", "crit_spread": "yes", "crit_restrict": "unknown", "location_admin": code, "cases_suspected": cases * 3, "cases_confirmed": cases, "deaths": cases / 40, "open": true,
					"measures": map[string]string{"ar": "بيانات تجريبية مولّدة بقاعدة", "en": "Demonstration data made by rule"}})
			}
			if week > 8 && week%4 != 0 { // by four weeks, then every week
				continue
			}
			x.ago = s.on(ago-1, 9+len(where)%3)
			all = append(all, x)
			x.made = nil
		}
	}
	return all
}

// projects are joint investments in every stage, each told by the side whose office carries it out.
func (s *stage) projects() (all []sending) {
	works := []struct {
		ar, en, sector, status, place string
		budget, spent                 float64
	}{
		{"إعادة تأهيل جسر البوكمال", "Rehabilitation of the Al-Bukamal bridge", "transport.road", "implementation", "SY-DY", 18e6, 7e6}, {"ساحة تبادل الشاحنات في القائم", "Lorry exchange yard at Al-Qaim", "transport.road", "completion", "IQ-AN", 9e6, 8.6e6},
		{"خط كهرباء القائم – دير الزور", "Al-Qaim to Deir ez-Zor power line", "energy", "preparation", "SY-DY", 46e6, 1.2e6}, {"محطات رصد على الفرات", "Gauging stations on the Euphrates", "waterAndWaste", "maintenance", "IQ-AN", 3e6, 2.9e6},
		{"محطة شمسية عند ربيعة", "Solar plant near Rabia", "energy.solar", "identification", "IQ-NI", 60e6, 0}, {"سكة حديد الموصل – اليعربية", "Mosul to Al-Yarubiyah railway", "transport.rail", "identification", "IQ-NI", 110e6, 0.4e6},
		{"مستوصفات للعائدين", "Clinics for those who return", "health", "implementation", "SY-HA", 12e6, 5e6}, {"مدارس في البادية", "Schools in the steppe", "education", "preparation", "SY-DY", 14e6, 0.8e6},
	}
	for i, w := range works {
		by := map[bool]jisr.MemberID{true: "iq", false: "sy"}[w.place[:2] == "IQ"]
		r := map[string]any{"id": fmt.Sprintf("DEMO-PRJ-%02d", i+1), "updated_on": s.dayAt(20-i, 9).Format(time.DateOnly), "title": map[string]string{"ar": w.ar, "en": w.en}, "status": w.status, "type": "construction", "sector": w.sector,
			"public_authority": "وزارة التخطيط (بيانات تجريبية)", "location_admin": []string{w.place}, "budget": w.budget, "currency": "USD", "spent": w.spent, "next_date": s.dayAt(26-5*i, 9).Format(time.DateOnly)}
		all = append(all, sending{ago: s.on(20-i, 10), by: by, prog: "inv", typ: "project", made: []map[string]any{r}})
	}
	return all
}

// threats are reports without any person or place that could be one: what a tool of the threat exchange has to show.
func (s *stage) threats() (all []sending) {
	kinds := []struct{ category, typ, ar, en, pattern string }{
		{"cyber", "indicator", "عنوان يستعمل في تصيّد موظفي المنافذ", "Address used to phish officers at crossings", "[domain-name:value = 'phish.example.org']"}, {"arms", "warning", "تهريب أسلحة خفيفة عبر البادية", "Small arms smuggled through the steppe", ""},
		{"drugs", "trend", "ازدياد تهريب الحبوب المخدرة", "More pills are smuggled", ""}, {"cyber", "indicator", "ملف خبيث في مراسلات وهمية", "Malicious file in forged letters", "[file:name = 'demo-invoice.exe']"},
		{"financing", "warning", "حوالات لتمويل الإرهاب", "Transfers that finance terrorism", ""}, {"human-trafficking", "incident", "شبكة اتجار بالأشخاص", "A trafficking network", ""},
	}
	for week := 11; week >= 0; week-- {
		k, by := kinds[week%len(kinds)], map[bool]jisr.MemberID{true: "iq", false: "sy"}[week%2 == 0]
		at := s.dayAt(week*7+1, 8)
		r := map[string]any{"ref": fmt.Sprintf("DEMO-%02d", 12-week), "report_type": k.typ, "title": map[string]string{"ar": k.ar, "en": k.en}, "threat_category": k.category, "summary": "بلاغ مولّد بقاعدة للعرض ولا يصف واقعة.",
			"reported_at": at.Format(time.RFC3339), "valid_until": at.AddDate(1, 0, 0).Format(time.RFC3339), "source_reliability": "B", "info_credibility": "2", "confidence": 60 + week, "pap": "AMBER"}
		if k.pattern != "" {
			r["indicator_pattern"], r["indicator_type"], r["attack_refs"] = k.pattern, "malicious-activity", []string{"T1566"}
		}
		all = append(all, sending{ago: s.on(week*7+1, 9), by: by, prog: "sec", typ: "threat_report", made: []map[string]any{r}, at: jisr.HandlingRestricted})
	}
	return all
}

// stocks are what UNHCR published of refugees of one country in the other, read by a column map as an office would.
func (s *stage) stocks(ctx context.Context) error {
	data, err := demoFiles.ReadFile("demo/unhcr-population-iraq-syria-neighbours-1990-2025.csv")
	if err != nil {
		return fmt.Errorf("couldn't read the table of the story: %w", err)
	}
	ours := []string{"IRQ", "SYR"}
	columns := programme.Columns{Layout: programme.Layout{Format: programme.CSV}, Record: "population_movement", Empty: []string{"NA"}, Only: []programme.Only{{Column: "coo_iso", Is: ours}, {Column: "coa_iso", Is: ours}},
		Fields: map[string]programme.Column{"origin": {From: []string{"coo_iso"}}, "asylum": {From: []string{"coa_iso"}}, "period": {From: []string{"year"}, Suffix: "-12", Date: "YYYY-MM"},
			"shared_with_unhcr": {Const: "true"}, "measure": {Const: "stock-end"}, "source": {Const: "registration"}},
		Melt: &programme.Melt{Columns: map[string]string{"refugees": "refugees", "returned_refugees": "returned_refugees", "idps": "idps"}, Name: "category", Value: "total"}}
	n, by := s.nodes["iq"], s.program("iq")
	made, err := n.Import(ctx, by, node.Table{Forum: s.cast.forum, Programme: s.laid["ref"], Type: columns.Record, Columns: columns, Data: data}, false)
	if err != nil {
		return fmt.Errorf("couldn't read UNHCR's table: %w", err)
	}
	if _, err := n.Do(ctx, by, node.KeepColumns{Forum: s.cast.forum, Programme: s.laid["ref"], Type: columns.Record, Title: "UNHCR Refugee Population Statistics", Columns: columns}); err != nil {
		return fmt.Errorf("couldn't keep a column map: %w", err)
	}
	_, err = n.Do(ctx, by, node.SendRecords{Forum: s.cast.forum, Programme: s.laid["ref"], Type: columns.Record, Records: made.Records})
	return err
}

// overdue is the commitment that a missed report led to: the other side makes it of what the balance names, in one step.
func (s *stage) overdue(ctx context.Context) error {
	n, head := s.nodes["iq"], s.caller("iq", postReleaser)
	if _, err := n.Do(ctx, head, node.CommitMissed{Forum: s.cast.forum, Programme: s.laid["wat"], Type: "water_observation", SLA: "daily", Of: "sy"}); err != nil {
		return fmt.Errorf("couldn't make a commitment of a missed report: %w", err)
	}
	return s.settle(ctx)
}
