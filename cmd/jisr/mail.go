package main

import (
	"context"

	"jisr/mail"
	"jisr/node"
)

func mailBounceVerb() verb {
	return verb{
		name:  "mail bounce",
		short: both{"take a notice that mail came back, on standard input", "تسلّم إشعاراً بإعادة بريد من الدخل القياسي"},
		long: both{
			"Have the mailbox of mail.bounce call this for each message it takes, for example from an alias:\n" +
				"  jisr-bounce: \"|jisr mail bounce --dir DIR\"\n" +
				"A delivery status notification (RFC 3464) that says that delivery failed for good is noted: the official's page says so, and\n" +
				"nothing more is sent to the address until the post gives one anew. Anything else is refused and changes nothing.",
			"يُستدعى لكل رسالة تصل إلى صندوق mail.bounce، من اسم مستعار مثلاً:\n" +
				"  jisr-bounce: \"|jisr mail bounce --dir DIR\"\n" +
				"وإذا أفاد الإشعار بتعذّر التسليم نهائياً دُوّن ذلك وظهر في صفحة المنصب، ولا يُرسل إلى العنوان شيء حتى يُعطى\n" +
				"عنوان من جديد. وما سوى ذلك يُردّ ولا يغيّر شيئاً.",
		},
		setup: func(o *options) runner {
			dir := o.dir()
			return func(ctx context.Context, t *terminal, _ []string) error {
				r, err := mail.ReadReport(t.in)
				if err != nil {
					return hint(err, "jisr mail bounce --help")
				}
				if err := t.house(ctx, *dir, func(n *node.Node) error { return n.MailReturned(r.MessageID, r.Status) }); err != nil {
					return err
				}
				t.note("cli.mail.returned", "status", r.Status)
				return nil
			}
		},
	}
}
