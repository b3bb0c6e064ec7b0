package main

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"

	"jisr"
	"jisr/node"
)

func tokenAddVerb() verb {
	return verb{
		name: "token add", args: "ID",
		short: both{"make a token with which a program uses the API", "أنشئ رمزاً يستعمل به برنامج الواجهة البرمجية"},
		long: both{
			"The token is printed once and stands in the log only as a digest. With role direct the program releases at once\nwhat it writes; give it only to systems in which a person has already cleared what they send.",
			"يُطبع الرمز مرة واحدة ولا يُحفظ في السجل إلا بصمته. وصلاحية direct تصدر ما يكتبه البرنامج فوراً،\nفلا تُعطى إلا لنظام أُجيز فيه ما يرسله قبل إرساله.",
		},
		setup: func(o *options) runner {
			dir, asJSON := o.dir(), o.asJSON()
			ar := o.text("title-ar", "TEXT", "", both{"what it is for, in Arabic", "الغرض منه بالعربية"})
			en := o.text("title-en", "TEXT", "", both{"what it is for, in English", "الغرض منه بالإنكليزية"})
			desk := o.text("desk", "DESK", firstDesk, both{"the desk it acts for", "المكتب الذي يعمل باسمه"})
			roles := o.text("roles", "ROLES", "reader", both{"with commas between: reader, drafter, releaser, direct, admin and those of posts", "مفصولة بفواصل: reader، drafter، releaser، direct، admin وصلاحيات المناصب"})
			expires := o.text("expires", "DAY", "", both{"last day it is good, such as 2027-12-31; default: no end", "آخر يوم لصلاحيته مثل 2027-12-31، ولا نهاية له إن لم يُذكر"})
			forums := o.many("forum", "FORUM", both{"limit it to this forum; may be repeated", "اقصره على هذا الإطار؛ ويجوز تكراره"})
			programmes := o.many("programme", "ID", both{"limit it to this programme; may be repeated", "اقصره على هذا البرنامج؛ ويجوز تكراره"})
			allowed := o.many("verb", "VERB", both{"limit it to this verb or noun, such as note.send or note; may be repeated", "اقصره على هذا العمل مثل note.send أو note؛ ويجوز تكراره"})
			cert := o.text("client-cert", "FILE", "", both{"PEM file of the one client certificate it is good with (see tls.clients)", "ملف PEM للشهادة الوحيدة التي يصلح معها (انظر tls.clients)"})
			return func(ctx context.Context, t *terminal, operands []string) error {
				id, err := oneOperand(operands)
				if err != nil {
					return err
				}
				cmd := node.AddToken{ID: id, Title: titled(*ar, *en), Desk: jisr.DeskID(*desk), Roles: rolesOf(*roles), Expires: jisr.Date(*expires),
					Scope: jisr.TokenScope{Programmes: *programmes, Verbs: *allowed}}
				for _, f := range *forums {
					cmd.Scope.Forums = append(cmd.Scope.Forums, jisr.ForumID(f))
				}
				if cmd.ClientKey, err = keyOfCertificate(*cert); err != nil {
					return err
				}
				done, err := t.operate(ctx, *dir, cmd)
				if err != nil {
					return hint(err, "jisr token add --help")
				}
				if *asJSON {
					return t.json(accountJSON{Token: id, Title: cmd.Title, Desk: cmd.Desk, Roles: cmd.Roles, Expires: cmd.Expires, Secret: done.Secret})
				}
				t.note("cli.token.added", "token", id)
				t.secret("cli.token", done.Secret)
				return nil
			}
		},
	}
}

// keyOfCertificate gives the SHA-256 of a certificate's public key; empty without a file.
func keyOfCertificate(file string) (jisr.Commitment, error) {
	if file == "" {
		return "", nil
	}
	data, err := readBounded(file, maxKeysFile)
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" {
		return "", jisr.Refuse(jisr.Malformed, "client_key", "want", "PEM CERTIFICATE")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", jisr.Refuse(jisr.Malformed, "client_key", "error", err.Error())
	}
	return jisr.Commit(sha256.Sum256(cert.RawSubjectPublicKeyInfo)), nil
}

func tokenListVerb() verb {
	return verb{
		name:  "token list",
		short: both{"list the tokens; what they are is never shown again", "اعرض الرموز من غير أن تظهر قيمتها"},
		setup: func(o *options) runner {
			dir, asJSON := o.dir(), o.asJSON()
			return func(ctx context.Context, t *terminal, _ []string) error {
				return t.accounts(ctx, *dir, "token", *asJSON)
			}
		},
	}
}

func tokenEndVerb() verb {
	return verb{
		name: "token end", args: "ID",
		short: both{"end a token at once", "أنهِ صلاحية رمز فوراً"},
		setup: func(o *options) runner {
			dir := o.dir()
			return func(ctx context.Context, t *terminal, operands []string) error {
				id, err := oneOperand(operands)
				if err != nil {
					return err
				}
				if _, err := t.operate(ctx, *dir, node.EndToken{ID: id}); err != nil {
					return hint(err, "jisr token list")
				}
				t.note("cli.token.ended", "token", id)
				return nil
			}
		},
	}
}
