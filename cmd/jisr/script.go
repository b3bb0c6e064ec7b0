package main

import "jisr"

// script is the correspondence of the demo: real subjects, public data, and nothing that any government said. Every
// text says of itself that it is demonstration data.
type script struct {
	crossings    draftNote // Iraq awaits the answer, due in three days
	flow         draftNote // answered by flowAnswer
	returns      draftNote // opened, no answer asked for
	threat       draftNote // opened by Iraq, whose answer is late by a day; threatAnswer awaits clearance
	flowAnswer   draftNote
	agenda       draftNote // a non-paper, not opened yet
	threatAnswer draftNote
	visit        draftNote // cleared, awaits its release at Syria
	release      draftNote // came in an hour ago with high precedence
	guest        draftNote // Jordan, where it takes part
}

const (
	syntheticAR = "\n\n(بيانات تجريبية: نصٌّ كُتب للعرض، ولا يمثّل موقف أي جهة.)"
	syntheticEN = "\n\n(Demonstration data: written for this demonstration, and no position of any authority.)"
)

func both2(ar, en string) jisr.Text { return jisr.Text{"ar": ar + syntheticAR, "en": en + syntheticEN} }

func demoScript() script {
	s := script{}
	s.crossings = draftNote{from: "iq", desk: deskBorders, kind: jisr.Verbale, precedence: jisr.Priority, replyIn: storyDays + 3,
		subject: jisr.Text{"ar": "تشغيل منفذ ربيعة – اليعربية ومواءمة ساعات العمل", "en": "Operation of the Rabia – Al-Yarubiyah crossing and alignment of working hours"},
		text: both2("تقترح هيئة المنافذ الحدودية عقد اجتماع فني للاتفاق على مواءمة ساعات العمل في المنافذ الثلاثة، وعلى تبادل قوائم الشاحنات إلكترونياً قبل وصولها بأربع وعشرين ساعة. وترفق جدولاً بالمنافذ المشتركة.\n\nوترجو موافاتها بأسماء الجهات المشاركة من الجانب السوري وبالموعد المناسب.",
			"The Border Ports Commission proposes a technical meeting to align working hours at the three crossings and to exchange lists of trucks electronically twenty-four hours before their arrival. A table of the shared crossings is attached.\n\nIt would be grateful to learn which authorities would take part on the Syrian side, and which date would suit."),
		files: []string{"crossings-iraq-syria.csv"}}
	s.flow = draftNote{from: "sy", desk: deskWater, kind: jisr.Verbale, precedence: jisr.Priority, replyIn: 6,
		subject: jisr.Text{"ar": "تبادل يومي لقراءات تصريف نهر الفرات", "en": "Daily exchange of Euphrates discharge readings"},
		text: both2("تودّ الهيئة العامة للموارد المائية أن تقترح تبادلاً يومياً لقراءات التصريف في محطتي جرابلس والحصيبة، بالمتر المكعب في الثانية، في الساعة الثامنة صباحاً. وترفق القيم المنشورة التي جُمعت لأغراض المقارنة.",
			"The General Commission for Water Resources proposes a daily exchange of the discharge read at Jarablus and Husaybah, in cubic metres a second, at eight in the morning. Published values gathered for comparison are attached."),
		files: []string{"reported-euphrates-flow-points.csv"}}
	s.returns = draftNote{from: "iq", desk: deskReturn, kind: jisr.AideMemoire, precedence: jisr.Routine,
		subject: jisr.Text{"ar": "أعداد اللاجئين والعائدين: الأساس الإحصائي المشترك", "en": "Refugees and returnees: a shared statistical basis"},
		text: both2("اتفق الجانبان في لقائهما الفني على اعتماد جدول المفوضية السامية للأمم المتحدة لشؤون اللاجئين أساساً إحصائياً مشتركاً، على أن تُذكر سنة كل رقم ومصدره. والجدول مرفق كما نُشر.",
			"At their technical meeting both sides agreed to take the table of the United Nations High Commissioner for Refugees as a shared statistical basis, with the year and source of every figure. The table is attached as published."),
		files: []string{"unhcr-population-iraq-syria-neighbours-1990-2025.csv"}}
	s.threat = draftNote{from: "sy", desk: deskCyber, kind: jisr.Verbale, precedence: jisr.Immediate, replyIn: 4,
		subject: jisr.Text{"ar": "مؤشرات حملة بريد إلكتروني خبيثة", "en": "Indicators of a malicious e-mail campaign"},
		text: both2("رُصدت حملة بريد إلكتروني تحمل مرفقات خبيثة. والمؤشرات مرفقة بصيغة STIX 2.1 لإدخالها في أنظمة الرصد. وتُرجى الإفادة إن كانت المؤشرات قد ظهرت لدى الجانب العراقي.",
			"A campaign of e-mail with malicious attachments was observed. The indicators are attached as STIX 2.1, to be loaded into detection systems. Word would be welcome whether they were seen on the Iraqi side."),
		files: []string{"oasis-malicious-email-indicator-with-attachment.json"}}
	return s.rest()
}

func (s script) rest() script {
	s.flowAnswer = draftNote{from: "iq", desk: deskWater, kind: jisr.Verbale, precedence: jisr.Priority,
		subject: jisr.Text{"ar": "جواب: تبادل يومي لقراءات تصريف نهر الفرات", "en": "Answer: daily exchange of Euphrates discharge readings"},
		text: both2("توافق وزارة الموارد المائية على المقترح، على أن يبدأ التبادل في الأول من الشهر القادم، وأن تُذكر مع كل قراءة طريقة القياس. وتقترح إضافة محطة حديثة إلى المحطتين المذكورتين.",
			"The Ministry of Water Resources agrees to the proposal, to begin on the first of next month, with the method of measurement stated beside each reading. It proposes to add the station at Haditha to the two named.")}
	s.agenda = draftNote{from: "sy", desk: deskForeign, kind: jisr.NonPaper, precedence: jisr.Routine,
		subject: jisr.Text{"ar": "أفكار لجدول أعمال اللجنة المشتركة", "en": "Thoughts for the agenda of the joint committee"},
		text: both2("١. المنافذ والجمارك\n٢. المياه المشتركة\n٣. تبادل الخبرات في ترميم المواقع الأثرية\n٤. الربط الكهربائي",
			"1. Crossings and customs\n2. Shared waters\n3. Exchange of expertise in restoring archaeological sites\n4. Electrical interconnection")}
	s.threatAnswer = draftNote{from: "iq", desk: deskCyber, kind: jisr.Verbale, precedence: jisr.Immediate,
		subject: jisr.Text{"ar": "جواب: مؤشرات حملة بريد إلكتروني خبيثة", "en": "Answer: indicators of a malicious e-mail campaign"},
		text: both2("أُدخلت المؤشرات في أنظمة الرصد، وظهر اثنان منها في سجلات الأسبوع الماضي. وسيُوافى الجانب السوري بالتفاصيل الفنية عند اكتمالها.",
			"The indicators were loaded into detection systems, and two of them appear in the records of last week. Technical details will follow once they are complete.")}
	s.visit = draftNote{from: "sy", desk: deskBorders, kind: jisr.Verbale, precedence: jisr.Routine, replyIn: 14,
		subject: jisr.Text{"ar": "دعوة إلى زيارة فنية لمنفذ البوكمال", "en": "Invitation to a technical visit to the Al-Bukamal crossing"},
		text: both2("تدعو الهيئة العامة للمنافذ والجمارك وفداً فنياً عراقياً إلى زيارة منفذ البوكمال للاطلاع على ساحة التفتيش الجديدة.",
			"The General Authority for Ports and Customs invites a technical delegation of Iraq to visit the Al-Bukamal crossing and see the new inspection yard.")}
	s.release = draftNote{from: "sy", desk: deskWater, kind: jisr.Verbale, precedence: jisr.Immediate, replyIn: 1,
		subject: jisr.Text{"ar": "إطلاقات مائية إضافية من سد الفرات خلال ثمانٍ وأربعين ساعة", "en": "Additional releases from the Euphrates dam within forty-eight hours"},
		text: both2("تُعلم الهيئة الجانب العراقي بزيادة الإطلاقات من ٣٠٠ إلى ٤٥٠ متراً مكعباً في الثانية ابتداءً من صباح الغد ولمدة يومين، وترجو تأكيد إبلاغ المحافظات الواقعة على مجرى النهر.",
			"Releases rise from 300 to 450 cubic metres a second from tomorrow morning, for two days. The Commission asks for confirmation that the governorates along the river were told.")}
	s.guest = draftNote{from: "jo", desk: deskForeign, kind: jisr.Circular, precedence: jisr.Routine,
		subject: jisr.Text{"ar": "استضافة الاجتماع الثلاثي القادم", "en": "Hosting of the next trilateral meeting"},
		text: both2("يسرّ الجانب الأردني أن يعرض استضافة الاجتماع الثلاثي القادم في عمّان في النصف الأول من الشهر القادم.",
			"The Jordanian side is pleased to offer to host the next trilateral meeting in Amman in the first half of next month.")}
	return s
}
