package main

import (
	"jisr"
	"jisr/node"
)

// party is one government of the demo: posts and offices only, no names of persons.
type party struct {
	member string
	origin string
	zone   string
	name   map[string]string
	desks  []node.AddDesk
	posts  []node.AddOfficial
}

// cast is who takes part in the demo, and where they meet.
type cast struct {
	forum   jisr.ForumID
	title   jisr.Text
	parties []party
}

// The desks of the demo: the foreign ministry first.
const (
	deskForeign = "mofa"
	deskWater   = "water"
	deskBorders = "borders"
	deskReturn  = "returns"
	deskCyber   = "cyber"
)

func demoCast(members int) cast {
	if members == 3 {
		return cast{"iq-jo-sy", jisr.Text{"ar": "منتدى التعاون العراقي الأردني السوري", "en": "Iraqi–Jordanian–Syrian Cooperation Forum"}, []party{iraq(), syria(), jordan()}}
	}
	return cast{"iq-sy", jisr.Text{"ar": "منتدى التعاون العراقي السوري", "en": "Iraqi–Syrian Cooperation Forum"}, []party{iraq(), syria()}}
}

func iraq() party {
	return party{
		member: "iq", origin: "jisr.iq.example", zone: "Asia/Baghdad",
		name: map[string]string{"ar": "جمهورية العراق", "en": "Republic of Iraq"},
		desks: []node.AddDesk{
			desk(deskForeign, "وزارة الخارجية العراقية", "Ministry of Foreign Affairs of Iraq"),
			desk(deskWater, "وزارة الموارد المائية العراقية", "Ministry of Water Resources of Iraq"),
			desk(deskBorders, "هيئة المنافذ الحدودية العراقية", "Border Ports Commission of Iraq"),
			desk(deskReturn, "وزارة الهجرة والمهجّرين العراقية", "Ministry of Migration and Displaced of Iraq"),
			desk(deskCyber, "الفريق الوطني العراقي للاستجابة للحوادث السيبرانية", "National Cyber Incident Response Team of Iraq"),
		},
		posts: demoPosts(),
	}
}

func syria() party {
	return party{
		member: "sy", origin: "jisr.sy.example", zone: "Asia/Damascus",
		name: map[string]string{"ar": "الجمهورية العربية السورية", "en": "Syrian Arab Republic"},
		desks: []node.AddDesk{
			desk(deskForeign, "وزارة الخارجية والمغتربين السورية", "Ministry of Foreign Affairs and Expatriates of Syria"),
			desk(deskWater, "الهيئة العامة للموارد المائية السورية", "General Commission for Water Resources of Syria"),
			desk(deskBorders, "الهيئة العامة السورية للمنافذ والجمارك", "General Authority for Ports and Customs of Syria"),
			desk(deskCyber, "الهيئة الوطنية السورية لخدمات تقانة المعلومات", "National Agency for Network Services of Syria"),
		},
		posts: demoPosts(),
	}
}

func jordan() party {
	return party{
		member: "jo", origin: "jisr.jo.example", zone: "Asia/Amman",
		name: map[string]string{"ar": "المملكة الأردنية الهاشمية", "en": "Hashemite Kingdom of Jordan"},
		desks: []node.AddDesk{
			desk(deskForeign, "وزارة الخارجية وشؤون المغتربين الأردنية", "Ministry of Foreign Affairs and Expatriates of Jordan"),
			desk(deskWater, "وزارة المياه والري الأردنية", "Ministry of Water and Irrigation of Jordan"),
		},
		posts: demoPosts(),
	}
}

func desk(id jisr.DeskID, ar, en string) node.AddDesk {
	return node.AddDesk{ID: id, Title: jisr.Text{"ar": ar, "en": en}}
}

// The posts of the demo, the same in each government.
const (
	postDrafter  = "first.secretary"
	postReleaser = "head.department"
	postDeputy   = "deputy.head"
	postSigner   = "plenipotentiary"
	postAdmin    = "administrator"
)

func demoPosts() []node.AddOfficial {
	return []node.AddOfficial{
		{ID: postDrafter, Desk: deskForeign, Post: jisr.Text{"ar": "السكرتير الأول", "en": "First Secretary"}, Roles: []jisr.Role{jisr.Drafter}},
		{ID: postReleaser, Desk: deskForeign, Post: jisr.Text{"ar": "رئيس دائرة الدول المجاورة", "en": "Head of the Neighbouring States Department"}, Roles: []jisr.Role{jisr.Releaser}},
		{ID: postDeputy, Desk: deskForeign, Post: jisr.Text{"ar": "معاون رئيس دائرة الدول المجاورة", "en": "Deputy Head of the Neighbouring States Department"}, Roles: []jisr.Role{jisr.Releaser}},
		{ID: postSigner, Desk: deskForeign, Post: jisr.Text{"ar": "المفوَّض بالتوقيع", "en": "Plenipotentiary"}, Roles: []jisr.Role{jisr.Plenipotentiary}},
		{ID: postAdmin, Desk: deskForeign, Post: jisr.Text{"ar": "مدير المنظومة", "en": "Administrator of the Node"}, Roles: []jisr.Role{jisr.Admin}},
	}
}
