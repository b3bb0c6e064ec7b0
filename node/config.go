package node

import (
	"errors"
	"net"
	"slices"
	"strings"
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
	Weekend     []string          `toml:"weekend" doc:"The member's days of rest, on which no digest is mailed. Default: friday, saturday."`
	Holidays    []string          `toml:"holidays" doc:"The member's holidays of the years ahead, for example 2026-12-25: no digest is mailed on them."`
	Listen      string            `toml:"listen" doc:"Address of the portal and the API. Default: 127.0.0.1:8400. For other machines set tls.cert and tls.key, or url and a TLS proxy in front."`
	URL         string            `toml:"url" doc:"Where officials and programs reach the portal and the API when a proxy of the member's own stands in front, for example https://jisr.mofa.gov.iq. Default: none stands in front."`
	TLS         TLSConfig         `toml:"tls" doc:"Certificate of the portal and the API."`
	Link        LinkConfig        `toml:"link" doc:"The road to other members' nodes."`
	AtRest      AtRestConfig      `toml:"at_rest" doc:"What opens the data key that this node's databases and private keys are encrypted with."`
	Public      PublicConfig      `toml:"public" doc:"The public page: joint statements that are released, for anybody."`
	Mail        MailConfig        `toml:"mail" doc:"Mail to the member's own officials that something waits for them. It says where, never what."`
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

// MailConfig says how mail leaves this node.
type MailConfig struct {
	Server       string `toml:"server" doc:"host:port of the server that takes this node's mail (RFC 6409), for example smtp.mofa.gov.iq:587. Empty, the default: no mail is sent. Mail needs url, where its links lead."`
	TLS          string `toml:"tls" doc:"How the server is reached: starttls; implicit (port 465); or none, on this machine only. Default: starttls."`
	From         string `toml:"from" doc:"The address mail is from, for example jisr@mofa.gov.iq."`
	Bounce       string `toml:"bounce" doc:"Where mail that cannot be delivered comes back. Have its mailbox call jisr mail bounce. Default: mail.from."`
	User         string `toml:"user" doc:"The account at the server; empty: it asks for none."`
	PasswordFile string `toml:"password_file" doc:"A file whose first line is that account's password."`
	CA           string `toml:"ca" doc:"PEM file of the authorities the server's certificate may come from. Default: the machine's."`
}

// check refuses what no mail can be sent with.
func (m MailConfig) check(url string) error {
	if m.Server == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(m.Server)
	if err != nil || host == "" {
		return jisr.Refuse(jisr.Malformed, "mail.server", "want", "smtp.mofa.gov.iq:587")
	}
	if !slices.Contains([]string{"", "starttls", "implicit", "none"}, m.TLS) {
		return jisr.Refuse(jisr.NotOneOf, "mail.tls", "got", m.TLS)
	}
	if ip := net.ParseIP(host); m.TLS == "none" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return jisr.Refuse(jisr.Malformed, "mail.tls", "want", "starttls")
	}
	for name, a := range map[string]string{"mail.from": m.From, "mail.bounce": m.Bounce} {
		body := jisr.NotifyBody{Address: a}
		if (a != "" || name == "mail.from") && body.Check() != nil {
			return jisr.Refuse(jisr.Malformed, name, "want", "jisr@mofa.gov.iq")
		}
	}
	if url == "" {
		return jisr.Refuse(jisr.Missing, "url")
	}
	return nil
}

// weekdays are the names of days as the configuration has them, from Sunday on.
func weekdays() []string {
	return []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
}

// calendar is how the member counts its own days; check has found it good.
func (c Config) calendar() jisr.Calendar {
	cal := jisr.DefaultCalendar()
	if len(c.Weekend) > 0 {
		cal.Weekend = nil
	}
	for _, d := range c.Weekend {
		if i := slices.Index(weekdays(), strings.ToLower(strings.TrimSpace(d))); i >= 0 {
			cal.Weekend = append(cal.Weekend, time.Weekday(i))
		}
	}
	for _, d := range c.Holidays {
		cal.Holidays = append(cal.Holidays, jisr.Date(strings.TrimSpace(d)))
	}
	return cal
}

// checkCalendar refuses days that are none.
func (c Config) checkCalendar() error {
	if len(c.Weekend) > 6 {
		return jisr.Refuse(jisr.TooMany, "weekend", "max", "6")
	}
	if len(c.calendar().Weekend) != len(c.Weekend) && len(c.Weekend) > 0 {
		return jisr.Refuse(jisr.Malformed, "weekend", "want", strings.Join(weekdays(), ", "))
	}
	for _, d := range c.calendar().Holidays {
		if !d.Valid() {
			return jisr.Refuse(jisr.Malformed, "holidays", "want", "2026-12-25")
		}
	}
	return nil
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
	if err := errors.Join(c.Session.check(), c.Mail.check(c.URL), c.checkCalendar()); err != nil {
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
	if c.Mail.TLS == "" {
		c.Mail.TLS = "starttls"
	}
	if c.Session.Idle == "" {
		c.Session.Idle = "30m"
	}
	if c.Session.Absolute == "" {
		c.Session.Absolute = "12h"
	}
	return c
}
