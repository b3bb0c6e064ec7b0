package jisr

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
)

// State is what the acts about one thing make true. At most one of the nouns is set; none when no act has
// had effect. Draft, Account, Desk, Partner and Custody come from the house log only and are nobody else's business.
type State struct {
	Note   *Note   `json:"note,omitempty"`
	Forum  *Forum  `json:"forum,omitempty"`
	Signer *Signer `json:"signer,omitempty"`

	Body       *Body        `json:"body,omitempty"`
	Meeting    *Meeting     `json:"meeting,omitempty"`
	Minutes    *Minutes     `json:"minutes,omitempty"`
	Commitment *Undertaking `json:"commitment,omitempty"`
	Agreement  *Agreement   `json:"agreement,omitempty"`
	Mandate    *Mandate     `json:"mandate,omitempty"`
	Programme  *Programme   `json:"programme,omitempty"`
	Batch      *RecordBatch `json:"batch,omitempty"`

	Statement *JointStatement `json:"statement,omitempty"`
	Readout   *Readout        `json:"readout,omitempty"`

	Draft   *DraftState `json:"draft,omitempty"`
	Account *Account    `json:"account,omitempty"`
	Desk    *Desk       `json:"desk,omitempty"`
	Partner *Partner    `json:"partner,omitempty"`
	Track   *Domestic   `json:"track,omitempty"`

	Outgoing *Outgoing  `json:"outgoing,omitempty"`
	Columns  *ColumnMap `json:"columns,omitempty"`
	Comment  *Comment   `json:"comment,omitempty"`
	Picture  *Picture   `json:"picture,omitempty"`

	Policies *PolicyState `json:"policies,omitempty"`

	Custody map[ForumID]*Custody `json:"custody,omitempty"` // of a joint thing, beside its noun's own state in the house

	// Voids says of each act without effect why. An act of an unknown kind has the refusal Unknown.
	Voids map[Position]*Refusal `json:"-"`
}

// Partner is the house's own record of a forum it accepted: where the letters of credence stand.
type Partner struct {
	Accepted Index `json:"accepted"` // the newest forum.accept in the house log; its content has the letters
}

// Fold gives the state of one thing from the acts about it (see Concerns), in whatever order they come. It is
// a function of the set alone: no clock, no arrival order, no configuration, so every node has the same.
//
// A member's acts beyond MaxActsPerFold have no effect: a thing has few acts, and a hostile member must not be able
// to make one slow. Each member has its own measure, so nobody can crowd out what another says.
func Fold(thing ThingID, acts []Act) State {
	sorted := append([]Act(nil), acts...)
	Sort(sorted)
	s := State{Voids: map[Position]*Refusal{}}
	known := sorted[:0]
	said := map[MemberID]int{}
	for i := range sorted {
		switch a := sorted[i]; {
		case !Known(a.Kind):
			s.Voids[a.Position] = Refuse(Unknown, string(a.Kind))
		case said[a.Member] >= MaxActsPerFold:
			if a.About == thing {
				s.Voids[a.Position] = Refuse(TooMany, string(thing), "max", itoa(MaxActsPerFold))
			}
		case a.About == thing && !a.Kind.about(a.Forum, thing):
			s.Voids[a.Position] = Refuse(Malformed, "about")
		default:
			known = append(known, a)
			said[a.Member]++
		}
	}
	s.fold(thing, known)
	return s
}

func (s *State) fold(thing ThingID, acts []Act) {
	house := len(acts) > 0 && acts[0].Forum == House
	if house {
		var custody []Act
		if custody, acts = custodyActs(acts); len(custody) > 0 {
			s.Custody = foldCustody(custody, s.Voids)
		}
		if len(acts) == 0 {
			return
		}
	}
	switch noun := thing.Noun(); {
	case house && noun == "note":
		s.Draft = foldDraft(acts, s.Voids)
	case house && (noun == "official" || noun == "token"):
		s.Account = foldAccount(acts, s.Voids)
	case house && noun == "desk":
		s.Desk = foldDesk(acts, s.Voids)
	case house && noun == "forum":
		for i := range acts {
			s.Partner = &Partner{Accepted: acts[i].Index}
		}
	case house && noun == "policy":
		s.Policies = foldPolicies(acts, s.Voids)
	case house && noun == "domestic":
		s.Track = foldDomestic(acts, s.Voids)
	case house && noun == "outgoing":
		s.Outgoing = foldOutgoing(acts, s.Voids)
	case house && noun == "columns":
		s.Columns = foldHouse(acts, s.Voids, applyColumns)
	case house && noun == "comment":
		s.Comment = foldHouse(acts, s.Voids, applyComment)
	case house && noun == "picture":
		s.Picture = foldHouse(acts, s.Voids, applyPicture)
	case noun == "note":
		s.Note = foldNote(thing, acts, s.Voids)
	case noun == "forum":
		s.Forum = foldForum(thing, acts, s.Voids)
	case noun == "signer":
		s.Signer = foldSigner(thing, acts, s.Voids)
	case noun == "body":
		s.Body = foldBody(thing, acts, s.Voids)
	case noun == "meeting":
		s.Meeting = foldMeeting(thing, acts, s.Voids)
	case noun == "minutes":
		s.Minutes = foldMinutes(thing, acts, s.Voids)
	case noun == "statement":
		s.Statement = foldStatement(thing, acts, s.Voids)
	case noun == "readout":
		s.Readout = foldReadout(thing, acts, s.Voids)
	case noun == "commitment":
		s.Commitment = foldCommitment(thing, acts, s.Voids)
	case noun == "agreement":
		s.Agreement = foldAgreement(thing, acts, s.Voids)
	case noun == "mandate":
		s.Mandate = foldMandate(thing, acts, s.Voids)
	case noun == "programme":
		s.Programme = foldProgramme(thing, acts, s.Voids)
	case noun == "record":
		s.Batch = foldBatch(thing, acts, s.Voids)
	}
}

// Known tells whether this version knows the kind.
func Known(k Kind) bool { return k.noun("") != "" || k.noun(House) != "" }

// noun is what acts of the kind are about, in the house log or in a forum's; "" for a kind unknown there.
func (k Kind) noun(f ForumID) string {
	switch k {
	case KindNoteRelease, KindNoteWithdraw, KindNoteOpen, KindNoteClose, KindForumJoin,
		KindSignerIntroduce, KindSignerRevoke,
		KindBodyPropose, KindBodyAgree, KindBodyCirculate, KindBodyReceive, KindBodyApprove, KindBodyObject, KindBodyLapse, KindMeetingPropose, KindMeetingAgenda, KindMeetingAgree, KindMeetingConvene,
		KindMeetingDelegation, KindMeetingPaper, KindMeetingHold, KindMeetingPostpone, KindMeetingCancel, KindMeetingClose,
		KindMinutesEdit, KindMinutesClear, KindMinutesUnclear, KindMinutesSign, KindMinutesReceive, KindMinutesApprove, KindMinutesDisapprove,
		KindCommitmentPropose, KindCommitmentAgree, KindCommitmentWithdraw, KindCommitmentAssign, KindCommitmentProgress,
		KindCommitmentBlock, KindCommitmentReport, KindCommitmentRecall, KindCommitmentReceive, KindCommitmentAccept,
		KindCommitmentReturn, KindCommitmentExtend, KindCommitmentGrant, KindCommitmentKeep, KindCommitmentRaise,
		KindCommitmentDispute, KindCommitmentSettle, KindCommitmentRelease, KindCommitmentSupersede,
		KindAgreementPropose, KindAgreementNegotiate, KindAgreementDeclare, KindAgreementTable, KindAgreementBracket, KindAgreementBracketAccept,
		KindAgreementBracketWithdraw, KindAgreementConcord, KindAgreementAdopt, KindAgreementInitial, KindAgreementReopen, KindAgreementSeal,
		KindAgreementUnseal, KindAgreementCommit, KindAgreementVerbal, KindAgreementLapse, KindAgreementConfirm, KindAgreementNotify,
		KindAgreementXchg, KindAgreementReceive, KindAgreementForce, KindAgreementAbandon, KindAgreementProvis, KindAgreementProvEnd,
		KindAgreementExtend, KindAgreementSuspend, KindAgreementPause, KindAgreementResume, KindAgreementObject, KindAgreementDenounce,
		KindAgreementRevoke, KindAgreementTerminate, KindAgreementContest, KindAgreementCorrect, KindAgreementCorrectAccept,
		KindAgreementCorrectObject, KindAgreementDormant, KindAgreementWake, KindAgreementRegister, KindAgreementMilestone, KindAgreementSign,
		KindAgreementDeposit, KindAgreementReserve, KindAgreementUnreserve,
		KindStatementPropose, KindStatementEdit, KindStatementApprove, KindStatementRetract, KindStatementRelease, KindStatementWithdraw,
		KindStatementIncident, KindReadoutRelease, KindReadoutWithdraw,
		KindProgrammeLay, KindRecordBatch, KindRecordCorrect, KindRecordWithdraw, KindRecordAcknowledge, KindRecordConfirm,
		KindRecordErase, KindRecordErased,
		KindMandateIssue, KindMandateVerify, KindMandateRevoke:
		if f == House {
			return ""
		}
	case KindOfficialInvite, KindOfficialEnrol, KindOfficialRevoke, KindOfficialRecover, KindOfficialRestore,
		KindOfficialHandOver, KindOfficialLink, KindOfficialFeed, KindOfficialNotify, KindOfficialConfirm:
		if f != House {
			return ""
		}
	case KindNoteDraft, KindNoteClear, KindNoteReturn, KindNoteDiscard, KindForumAccept, KindDeskAdd,
		KindDeskReceive, KindOfficialAdd, KindOfficialPass, KindOfficialEnd, KindTokenAdd, KindTokenEnd,
		KindDomesticPlan, KindDomesticStep,
		KindOutgoingDraft, KindOutgoingClear, KindOutgoingReturn, KindOutgoingDiscard, KindOutgoingRelease,
		KindPolicyPropose, KindPolicyApprove, KindPolicyWithdraw, KindAuditNote,
		KindColumnsKeep, KindColumnsDrop,
		KindCommentReceive, KindCommentApprove, KindCommentDecline, KindCommentWithdraw, KindCommentReopen,
		KindPictureShow, KindPictureWithdraw,
		KindThingRefer, KindThingName, KindThingTakeBack, KindThingHold, KindThingUnhold:
		if f != House {
			return ""
		}
	default:
		return ""
	}
	return ThingID(replaceDot(string(k))).Noun()
}

// about tells whether acts of the kind may be about the thing.
func (k Kind) about(f ForumID, thing ThingID) bool {
	noun := k.noun(f)
	return noun == thing.Noun() || noun == anyNoun
}

func replaceDot(k string) string {
	b := []byte(k)
	for i := range b {
		if b[i] == '.' {
			b[i] = '/'
			break
		}
	}
	return string(b)
}

// Concerns lists the things whose state an act may change: first what it is about, then the others, no one twice. All
// of them are in the act's own forum. Of others beyond MaxConcerns nothing changes.
//
// This is where a noun says that its acts reach other things: a case of the switch, which reads the act's terms.
func Concerns(a *Act) []ThingID {
	things := []ThingID{a.About}
	if a.Forum == House {
		return things
	}
	switch a.Kind {
	case KindNoteRelease:
		things = append(things, answered(a)...)
	case KindMandateIssue, KindMandateVerify, KindMandateRevoke:
		things = append(things, mandated(a)...)
	case KindMeetingPropose, KindMeetingAgree, KindMeetingHold: // minutes are between those who agreed to meet, and due from when it was held
		things = append(things, MinutesThing(a.About))
	case KindMinutesSign:
		things = append(things, meetingOf(a.About))
		if t, err := terms[SignTerms](a); err == nil {
			for _, c := range t.Commitments {
				things = append(things, c.ID)
			}
		}
	default:
		things = append(things, within(a)...)
	}
	for i := 1; i < len(things); i++ {
		if slices.Contains(things[:i], things[i]) {
			things = slices.Delete(things, i, i+1)
			i--
		}
	}
	return things[:min(len(things), 1+MaxConcerns)]
}

// answered gives the note that a release says it answers.
func answered(a *Act) []ThingID {
	// Most releases answer nothing: the name of the member is looked for before all terms are decoded.
	if !bytes.Contains(a.Terms, []byte(`"in_reply_to"`)) {
		return nil
	}
	if t, err := terms[NoteTerms](a); err == nil && t.InReplyTo != "" {
		return []ThingID{t.InReplyTo}
	}
	return nil
}

// within gives the agreement that the act's own one belongs to.
func within(a *Act) []ThingID {
	if a.About.Noun() != "agreement" || !bytes.Contains(a.Terms, []byte(`"of"`)) {
		return nil
	}
	var w Within
	if json.Unmarshal(a.Terms, &w) != nil || w.Of.Noun() != "agreement" || !validThing(w.Of) {
		return nil
	}
	return []ThingID{w.Of}
}

// ReadNote gives the terms of a release, as far as they are well formed.
func ReadNote(a *Act) (NoteTerms, error) { return terms[NoteTerms](a) }

// ReadJoin gives the terms of a forum.join.
func ReadJoin(a *Act) (JoinTerms, error) { return terms[JoinTerms](a) }

// ReadReceive gives the terms of a desk.receive.
func ReadReceive(a *Act) (ReceiveTerms, error) { return terms[ReceiveTerms](a) }

// ReadReason gives the reason an act states; empty when it states none.
func ReadReason(a *Act) string {
	var r Reason
	if json.Unmarshal(a.Terms, &r) != nil {
		return ""
	}
	return r.Reason
}

// Joint gives the joint state as JSON, which json.Unmarshal reads back into a State: the member named after the noun,
// and nothing of the house. It is "{}" where no act has had effect.
func (s *State) Joint() []byte {
	joint := *s
	joint.Draft, joint.Account, joint.Desk, joint.Partner = nil, nil, nil, nil
	joint.Track, joint.Outgoing, joint.Columns, joint.Comment, joint.Picture, joint.Custody = nil, nil, nil, nil, nil, nil
	raw, err := json.Marshal(joint)
	if err != nil {
		panic("internal error: a state cannot be encoded: " + err.Error())
	}
	return raw
}

// Digest is the hash of a thing's joint state: SHA-256 of Joint. Nodes compare a hash over all of these (see the
// book): equal acts give equal digests, whatever order they came in.
func (s *State) Digest() [32]byte { return sha256.Sum256(s.Joint()) }

func asRefusal(err error) *Refusal {
	if err == nil {
		return nil
	}
	if r := (*Refusal)(nil); errors.As(err, &r) {
		return r
	}
	return Refuse(Malformed, "act", "error", err.Error())
}
