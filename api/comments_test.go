package api_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"testing"

	"jisr"
)

// publish is a statement of both sides from its first paragraph to its release.
const publish = `
> iq direct POST /api/v1/forums/iq-sy/statements
{"title": {"ar": "بيان"}, "members": ["iq", "sy"], "languages": ["ar"]}
< 201
{"id": "$s"}
> iq direct POST /api/v1/forums/iq-sy/statements/$s/edit
{"ops": [{"segment": "iq-1", "kind": "text", "text": {"ar": "اتفق الجانبان."}}]}
< 200
> iq direct POST /api/v1/forums/iq-sy/statements/$s/approve
{}
< 200
> sy direct GET /api/v1/forums/iq-sy/statements/$s
< 200 eventually
{"record": {"approved": {"iq": {"text": "*"}}}}
> sy direct POST /api/v1/forums/iq-sy/statements/$s/approve
{}
< 200 eventually
> iq direct GET /api/v1/forums/iq-sy/statements/$s
< 200 eventually
{"state": "agreed"}
> iq direct POST /api/v1/forums/iq-sy/statements/$s/release
{}
< 200
{"state": "released"}
`

// beside is what a program does on the public page: comments with the moderator's duty alone, and pictures.
const beside = `
> iq reader GET /api/v1/comments
< 403
> iq direct GET /api/v1/comments?state=treasure
< 422
> iq direct GET /api/v1/comments?state=held&statement=$s
< 200
{"items": [{"id": "$b", "email": "b@readers.example", "text": "ثانٍ"}, {"id": "$a", "name": "قارئة", "state": "held", "statement": "$s"}], "counts": {"held": 2}}
> iq drafter POST /api/v1/comments/approve
{"ids": ["$a"]}
< 403
> iq direct POST /api/v1/comments/approve
{"ids": []}
< 422
> iq direct POST /api/v1/comments/approve
{"ids": ["$a", "$b"]}
< 200
{"items": [], "counts": {"shown": 2}}
> iq direct POST /api/v1/comments/withdraw
{"ids": ["$a"]}
< 200
{"counts": {"shown": 1, "withdrawn": 1}}
> iq reader POST /api/v1/forums/iq-sy/statements/$s/pictures
{"alt": {"ar": "جسر", "en": "A bridge"}, "picture": "$picture"}
< 403
> iq direct POST /api/v1/forums/iq-sy/statements/$s/pictures
{"alt": {"ar": "جسر"}, "picture": "$picture"}
< 422
{"kind": "missing", "subject": "alt"}
> iq direct POST /api/v1/forums/iq-sy/statements/$s/pictures
{"alt": {"ar": "جسر", "en": "A bridge"}, "picture": "$picture"}
< 201
{"items": [{"id": "$p", "width": 4, "height": 3, "alt": {"en": "A bridge"}}]}
> iq reader GET /api/v1/forums/iq-sy/statements/$s/pictures
< 200
{"items": [{"id": "$p"}]}
> iq direct POST /api/v1/forums/iq-sy/statements/$s/pictures/$p/withdraw
< 200
{"items": []}
> iq direct POST /api/v1/forums/iq-sy/statements/$s/pictures/$p/withdraw
< 404
`

func TestCommentsAndPicturesByProgram(t *testing.T) {
	w := newWorld(t)
	var b bytes.Buffer
	check(t, png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 4, 3))))
	vars := map[string]string{"picture": base64.StdEncoding.EncodeToString(b.Bytes())}
	play := func(script string) {
		t.Helper()
		for _, x := range parseScript(t, script) {
			if err := w.play(t, x, vars); err != nil {
				t.Fatalf("%s %s: %v", x.method, x.path, err)
			}
		}
	}
	play(publish)
	for _, c := range [][2]string{{"a@readers.example", "أول"}, {"b@readers.example", "ثانٍ"}} {
		check(t, w.nodes["iq"].TakeComment(t.Context(), "iq-sy", jisr.ThingID("statement/"+vars["s"]), jisr.CommentBody{Name: "قارئة", Email: c[0], Lang: "ar", Text: c[1]}))
	}
	play(beside)
}
