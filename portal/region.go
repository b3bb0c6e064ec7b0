package portal

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"jisr/programme"
)

// The region is drawn from data that anybody may use; its sources are in region/SOURCES.md. Its lines are a drawing and
// no statement about any border.
//
//go:embed region/region.json
var regionFile embed.FS

// outline is a country or governorate: rings of longitude and latitude in hundredths of a degree, one after the other.
type outline struct {
	Code  string  `json:"code"`
	Rings [][]int `json:"rings"`
}

// region is what maps are drawn on.
type region struct {
	Lands []outline `json:"lands"`
	Areas []outline `json:"areas"` // by ISO 3166-2
}

func readRegion() (*region, error) {
	raw, err := regionFile.ReadFile("region/region.json")
	if err != nil {
		return nil, fmt.Errorf("couldn't read the outlines of the region: %w", err)
	}
	var r region
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("couldn't read the outlines of the region: %w", err)
	}
	return &r, nil
}

// projection is Mercator's, of a box of the earth onto a drawing. Maps do not turn with the reading direction.
type projection struct {
	west, north float64 // degrees, and Mercator's northing
	scale       float64
}

func northing(lat float64) float64 {
	return math.Log(math.Tan(math.Pi/4+lat*math.Pi/360)) * 180 / math.Pi
}

// fit makes the box as wide as the drawing and gives its height.
func fit(west, south, east, north, wide float64) (projection, float64) {
	p := projection{west: west, north: northing(north), scale: wide / (east - west)}
	return p, (p.north - northing(south)) * p.scale
}

func (p projection) at(lat, lon float64) (x, y float64) {
	return (lon - p.west) * p.scale, (p.north - northing(lat)) * p.scale
}

func (p projection) path(o outline) string {
	var b strings.Builder
	for _, ring := range o.Rings {
		for i := 0; i+1 < len(ring); i += 2 {
			x, y := p.at(float64(ring[i+1])/100, float64(ring[i])/100)
			b.WriteString(map[bool]string{true: "M", false: "L"}[i == 0] + f1(x) + " " + f1(y))
		}
		b.WriteString("Z")
	}
	return b.String()
}

// middle is the middle of the largest ring, where a name can stand.
func (o outline) middle() (lat, lon float64) {
	var best []int
	for _, r := range o.Rings {
		if len(r) > len(best) {
			best = r
		}
	}
	area := 0.0
	for i := 0; i+1 < len(best); i += 2 { // the centroid of a polygon
		j := (i + 2) % len(best)
		x1, y1, x2, y2 := float64(best[i]), float64(best[i+1]), float64(best[j]), float64(best[j+1])
		k := x1*y2 - x2*y1
		area, lon, lat = area+k, lon+(x1+x2)*k, lat+(y1+y2)*k
	}
	if area == 0 {
		return 0, 0
	}
	return lat / (3 * area) / 100, lon / (3 * area) / 100
}

// steps of figures on a map of areas: each darker, and hatched closer.
const steps = 5

// chartMap draws points or areas on the region.
func (c *canvas) chartMap(land *region) {
	west, south, east, north := 35.2, 28.9, 49.0, 37.6
	if c.pic.Chart.Type == programme.MapPoints {
		west, south, east, north = c.box(west, south, east, north)
	}
	p, high := fit(west, south, east, north, c.w)
	c.h = high
	for _, o := range land.Lands {
		class := "map-land"
		if o.Code == "IQ" || o.Code == "SY" {
			class = "map-land map-ours"
		}
		c.add(shape{Kind: "path", D: p.path(o), Class: class})
	}
	if c.pic.Chart.Type == programme.MapArea {
		c.areas(land, p)
	} else {
		c.points(p)
	}
	c.v.Notes = append(c.v.Notes, c.rd.l.T("chart.map.means"))
}

// box widens the drawing where points lie outside of it, within the earth.
func (c *canvas) box(west, south, east, north float64) (float64, float64, float64, float64) {
	for _, t := range c.pic.Axis {
		if t.Lat == 0 && t.Lon == 0 || math.Abs(t.Lat) > 80 || math.Abs(t.Lon) > 180 {
			continue
		}
		west, east, south, north = min(west, t.Lon-1), max(east, t.Lon+1), min(south, t.Lat-1), max(north, t.Lat+1)
	}
	return west, south, east, north
}

func (c *canvas) areas(land *region, p projection) {
	c.v.Patterns = nil
	for i := range steps {
		d := ""
		for n := range i {
			d += "M" + f1(float64(n)*8/float64(i)) + " 0V8"
		}
		c.v.Patterns = append(c.v.Patterns, pattern{ID: "step-" + c.v.ID + "-" + strconv.Itoa(i), Class: "step" + strconv.Itoa(i+1), D: d})
	}
	_, high, _ := span(c.pic.Series[0].Figures)
	s := scaleOf(0, high, steps)
	at := map[string]int{}
	for i, t := range c.pic.Axis {
		at[t.Key] = i
	}
	var figures []shape
	for _, o := range land.Areas {
		i, told := at[o.Code]
		if !told || !c.pic.Series[0].Figures[i].There {
			c.add(shape{Kind: "path", D: p.path(o), Class: "map-area"})
			continue
		}
		f := c.pic.Series[0].Figures[i]
		k := min(int(s.part(f.Value)*steps), steps-1)
		c.add(shape{Kind: "path", D: p.path(o), Class: "map-area", Fill: "step-" + c.v.ID + "-" + strconv.Itoa(k), Title: c.titleOf(c.pic.Axis[i], c.pic.Series[0], f)})
		x, y := p.at(o.middle())
		figures = append(figures, shape{Kind: "text", X: f1(x), Y: f1(y + 4), Anchor: "middle", Class: "map-figure", Text: c.shown(f)})
	}
	c.v.Shapes = append(c.v.Shapes, figures...)
	for k := range steps {
		from, to := s.low+(s.high-s.low)*float64(k)/steps, s.low+(s.high-s.low)*float64(k+1)/steps
		c.v.Keys = append(c.v.Keys, chartKey{Class: "step" + strconv.Itoa(k+1), Fill: "step-" + c.v.ID + "-" + strconv.Itoa(k),
			Word: c.rd.l.Isolate(c.figure(from)) + " – " + c.rd.l.Isolate(c.figure(to))})
	}
}

// points draws a mark for each place; where there are figures they are written beside it, while there is room.
func (c *canvas) points(p projection) {
	_, high, _ := span(allFigures(c.pic.Series))
	named := len(c.pic.Axis) <= 14
	var written [][2]float64
	for i, t := range c.pic.Axis {
		if t.Lat == 0 && t.Lon == 0 {
			continue
		}
		x, y := p.at(t.Lat, t.Lon)
		for k, s := range c.pic.Series {
			f := s.Figures[i]
			if !f.There && !f.Few {
				continue
			}
			if named {
				c.add(shape{Kind: "path", D: marker(k, x, y), Class: "map-point " + c.look(k), Title: c.titleOf(t, s, f)})
				at := y - 8
				if slices.ContainsFunc(written, func(o [2]float64) bool { return math.Abs(o[0]-x) < 90 && math.Abs(o[1]-at) < 14 }) {
					at = y + 18 // another name stands there
				}
				written = append(written, [2]float64{x, at})
				c.add(shape{Kind: "text", X: f1(x), Y: f1(at), Anchor: "middle", Class: "map-name", Text: strings.TrimSpace(c.tick(t) + " " + c.shown(f))})
				continue
			}
			c.add(shape{Kind: "circle", X: f1(x), Y: f1(y), W: f1(2.2 + 6*math.Sqrt(f.Value/max(high, 1))), Class: "map-point " + c.look(k), Title: c.titleOf(t, s, f)})
		}
	}
	c.legend(true)
}

func allFigures(series []programme.Series) (all []programme.Figure) {
	for _, s := range series {
		all = append(all, s.Figures...)
	}
	return all
}
