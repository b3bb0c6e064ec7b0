package node

import (
	"time"

	"jisr"
)

// Config is a node's jisr.toml. This struct is the manual: every field says what it is for, its zero value
// works, every key can also be given as JISR_ and its name in capitals with dots as underscores, and an
// unknown key is refused. Secrets are named by file.
type Config struct {
	Member      string            `toml:"member" doc:"The member this node speaks for: 2 to 16 of a-z and 0-9, a letter first. It is part of every act and cannot be changed."`
	Origin      string            `toml:"origin" doc:"The name of this member's keys and logs, under a domain the member owns, for example jisr.mofa.gov.iq. It cannot be changed."`
	Name        map[string]string `toml:"name" doc:"The member's name by language: ar, en."`
	Timezone    string            `toml:"timezone" doc:"Where the member's calendar days begin and end, an IANA name. Default: Asia/Baghdad."`
	Listen      string            `toml:"listen" doc:"Address of the portal and the API. Default: 127.0.0.1:8400. For other machines set tls.cert and tls.key, or url and a TLS proxy in front."`
	URL         string            `toml:"url" doc:"Where officials and programs reach the portal and the API when a proxy of the member's own stands in front, for example https://jisr.mofa.gov.iq. Default: none stands in front."`
	TLS         TLSConfig         `toml:"tls" doc:"Certificate of the portal and the API."`
	Link        LinkConfig        `toml:"link" doc:"The road to other members' nodes."`
	AtRest      AtRestConfig      `toml:"at_rest" doc:"What opens the data key that this node's databases and private keys are encrypted with."`
	Public      PublicConfig      `toml:"public" doc:"The public page: joint statements that are released, for anybody."`
	Session     SessionConfig     `toml:"session" doc:"How long an official stays signed in."`
	OIDC        OIDCConfig        `toml:"oidc" doc:"Signing in through an identity provider (OpenID Connect)."`
	Courtesy    string            `toml:"courtesy" doc:"A JSON file of courtesy formulas that replace the shipped ones."`
	Letterheads string            `toml:"letterheads" doc:"A JSON file of letterheads for printed notes, by member and language. Without it the member's name stands above the desk's."`
	Demo        bool              `toml:"demo" doc:"true: every page says that nothing here has official effect."`
	Log         string            `toml:"log" doc:"What goes to standard error: debug, info, warn or error. Default: info."`
}

// TLSConfig names the certificate of the portal and the API.
type TLSConfig struct {
	Cert    string `toml:"cert" doc:"PEM file of the certificate chain."`
	Key     string `toml:"key" doc:"PEM file of the private key."`
	Clients bool   `toml:"clients" doc:"true: programs may come with a client certificate, and a token can be good with one only. Browsers that have certificates then ask officials for one."`
}

// PublicConfig says where the public reads.
type PublicConfig struct {
	Listen string `toml:"listen" doc:"Address of the public page, a door of its own with no way to the rest. Empty, the default: there is none. Put a TLS proxy in front."`
	URL    string `toml:"url" doc:"Where the public reaches it, for example https://statements.mofa.gov.iq. Feed and sitemap name it; without it there is no sitemap."`

	Comments bool `toml:"comments" doc:"true: readers may comment on statements. What they write is held until a spokesperson shows it. Default: false."`
}

// LinkConfig says how this node meets others.
type LinkConfig struct {
	Listen    string   `toml:"listen" doc:"Address where other members' nodes reach this one. Default: 127.0.0.1:8440. Empty in the file: default; \"none\": this node only dials."`
	Addresses []string `toml:"addresses" doc:"host:port at which others reach link.listen; printed in the letter of credence."`
}

// AtRestConfig says what opens the data keys of the directory: one of the three. jisr key wrap changes it.
type AtRestConfig struct {
	KeyFile        string `toml:"key_file" doc:"A file with the key that opens the data key. Default: keys/data.key, which lies beside what it protects: move it to another disk, a smart card's host or a secret store, and name it here."`
	PassphraseFile string `toml:"passphrase_file" doc:"A file with a passphrase in its first line that opens the data key, in place of a key file."`
	PKCS11         string `toml:"pkcs11" doc:"A PKCS#11 URI (RFC 7512) of an AES key in a token that opens the data key: pkcs11:token=LABEL;object=LABEL?module-path=FILE&pin-source=file:FILE. Needs a program built with -tags pkcs11."`
}

// Location is the member's time zone.
func (c Config) Location() (*time.Location, error) {
	if c.Timezone == "" {
		return time.LoadLocation("Asia/Baghdad")
	}
	return time.LoadLocation(c.Timezone)
}

// check refuses what a node cannot run on.
func (c Config) check() error {
	if !jisr.ValidMember(jisr.MemberID(c.Member)) {
		return jisr.Refuse(jisr.Malformed, "member", "want", "iq")
	}
	if !validOrigin(c.Origin) {
		return jisr.Refuse(jisr.Malformed, "origin", "want", "jisr.mofa.gov.iq")
	}
	if jisr.Text(c.Name).Empty() {
		return jisr.Refuse(jisr.Missing, "name")
	}
	if _, err := c.Location(); err != nil {
		return jisr.Refuse(jisr.Malformed, "timezone", "want", "Asia/Baghdad")
	}
	if err := c.Session.check(); err != nil {
		return err
	}
	if err := c.OIDC.check(); err != nil {
		return err
	}
	if err := c.AtRest.check(); err != nil {
		return err
	}
	return jisr.Text(c.Name).Check("name", jisr.MaxTitle)
}

// validOrigin: a name of keys has no spaces and no plus sign (c2sp.org/signed-note), and names of logs are made
// by adding a slash and the forum (c2sp.org/tlog-checkpoint).
func validOrigin(s string) bool {
	if len(s) < 3 || len(s) > 200 || s[0] == '.' || s[len(s)-1] == '.' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// Defaulted is the configuration with every default filled in.
func (c Config) Defaulted() Config {
	if c.Timezone == "" {
		c.Timezone = "Asia/Baghdad"
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:8400"
	}
	if c.Link.Listen == "" {
		c.Link.Listen = "127.0.0.1:8440"
	}
	if c.Log == "" {
		c.Log = "info"
	}
	if c.Session.Idle == "" {
		c.Session.Idle = "30m"
	}
	if c.Session.Absolute == "" {
		c.Session.Absolute = "12h"
	}
	return c
}
