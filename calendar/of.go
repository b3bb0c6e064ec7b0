package calendar

import (
	"context"
	"strings"

	"jisr/node"
	"jisr/words"
)

// Of gives the calendar of a caller, or only of its desk, in a language.
func Of(ctx context.Context, n *node.Node, c node.Caller, l *words.Lang, desk bool, url string, page Page) ([]byte, error) {
	entries, err := n.Calendar(ctx, c, desk)
	if err != nil {
		return nil, err
	}
	title, _ := c.Title.In(l.Tag())
	if desk {
		title, _ = c.DeskName.In(l.Tag())
	}
	url = strings.TrimSuffix(url, "/")
	b := Book{Lang: l.Plain(), Name: l.Plain().T("calendar.name", "whose", title), Origin: n.Self().Origin, URL: url, Page: page}
	return b.Feed(entries)
}
