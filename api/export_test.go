package api

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"jisr"
)

// ReadNote is what a note handed in goes through before node sees it, for fuzzing.
func ReadNote(body []byte) (jisr.Draft, error) {
	var in noteIn
	if err := decodeStrict(body, &in); err != nil {
		return jisr.Draft{}, err
	}
	return in.draft()
}

// Operations lists what is served: method and path.
func Operations() []string {
	var all []string
	for _, op := range operations() {
		all = append(all, op.method+" "+strings.ReplaceAll(op.path, "...}", "}"))
	}
	slices.Sort(all)
	return all
}

// Openings lists what is served without a token.
func Openings() []string {
	var all []string
	for _, op := range operations() {
		if op.access == open {
			all = append(all, op.method+" "+op.path)
		}
	}
	slices.Sort(all)
	return all
}

// Fail answers with an error as h does.
func Fail(h http.Handler, w http.ResponseWriter, r *http.Request, err error) {
	f := h.(*face)
	f.guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.fail(w, r, err) })).ServeHTTP(w, r)
}

// Fill takes every slot, as if so many requests were at work.
func Fill(h http.Handler) {
	for range maxInFlight {
		h.(*face).slots <- struct{}{}
	}
}

// Statuses and Metadata are what they are named after.
func Statuses() map[jisr.RefusalKind]int           { return statuses() }
func Metadata(s string) (map[string]string, error) { return uploadMetadata(s) }

// Bodies reads a body as every operation does that takes one, and gives what each says.
func Bodies(body []byte) map[string]error {
	all := map[string]error{}
	for _, op := range operations() {
		if op.in != nil {
			all[op.id] = decodeStrict(body, reflect.New(reflect.TypeOf(op.in)).Interface())
		}
	}
	return all
}
