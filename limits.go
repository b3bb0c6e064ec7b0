package jisr

// Every bound of what an act or a form may hold. A value from outside is held against one of these before
// anything else is done with it. Bounds of logs are in ledger, of the wire in link, of HTTP in the faces.
const (
	MaxAct         = 65_535    // bytes of an entry: the limit of a C2SP entry bundle (c2sp.org/tlog-tiles)
	MaxNoteContent = 60 * 1024 // bytes of a note's content as JSON; longer texts are attachments
	MaxSubject     = 300       // characters of a subject, per language
	MaxFormula     = 1_000     // characters of an opening or closing formula, per language
	MaxAddress     = 254       // characters of an address of mail (RFC 5321 section 4.5.3.1.3 leaves so many)
	MaxTitle       = 200       // characters of the title of a desk, post or forum, per language
	MaxReason      = 2_000     // characters of a reason
	MaxLanguages   = 8         // languages of one text
	MaxAddressees  = 64        // members a note is addressed to
	MaxReferences  = 32        // earlier notes a note refers to
	MaxAttachments = 32        // files of one note
	MaxFileName    = 180       // characters of the name of a file
	MaxMembers     = 64        // members of one forum
	MaxRoles       = 32        // roles of one official
	MaxPolicies    = 48 * 1024 // bytes of a house's own policies
	MaxScope       = 64        // forums, programmes or verbs that a token is limited to
	MaxID          = 64        // bytes of a member, forum, desk or official id
	MinPassword    = 12        // characters (NIST SP 800-63B asks for at least 8; an office shares a building)
	MaxPassword    = 256       // characters, so that hashing is bounded
	MaxAttachment  = 4 << 30   // bytes of one file
	UploadDays     = 7         // after which an upload that nothing names is forgotten
	MaxDomain      = 253       // characters of a domain name (RFC 1035 section 2.3.4)
	MaxCustodians  = 64        // desks a thing is assigned to, and officials named for it
	MaxConcerns    = 32        // other things whose state one act may change
	MaxBatch       = 100_000   // records of one batch
	MaxPlaces      = 1_000     // runs of places that one act about records names
	MaxTouched     = 500_000   // places that all acts of one member about a batch name together
	MaxActsPerFold = 10_000    // acts of one member about one thing that have effect; later ones are void
)

// Bounds of an official's signature. Authenticators stay far below those that no specification gives.
const (
	MaxCredentialID      = 1_023   // bytes (W3C Web Authentication Level 3 section 4)
	MaxAuthenticatorData = 1_024   // bytes: 37, and extensions that nobody asked for
	MaxClientData        = 4_096   // bytes of what the browser saw, as JSON
	MaxSignature         = 512     // bytes: RSA of 4096 bits
	MaxSPKI              = 600     // bytes of a public key: RSA of 4096 bits is 550
	MaxOrigins           = 4       // origins of one portal
	MaxPasskeys          = 8       // valid passkeys of one post …
	MaxPasskeysEver      = 64      // … and ended ones with them
	MaxSigned            = 1 << 20 // bytes of a content with a signature; its noun asks for less
)

// Bounds of what members agree, and of what they owe each other.
const (
	MaxProposals      = 200       // proposals, requests or issues of one joint thing
	MaxCommitmentText = 4_000     // characters of the text, the test or the evidence of a commitment, per language
	MaxMilestones     = 32        // milestones of one commitment
	MaxObservers      = 16        // observers of one body
	MaxRecurrence     = 300       // characters of a recurrence (RFC 5545 section 3.3.10)
	MaxHolidays       = 400       // holidays of a member's calendar: some years ahead
	MaxPeriod         = 1_000     // days of a period
	MaxLevel          = 5         // levels of the ladder: L1 focal points to L5 ministers
	MaxCode           = 16        // characters of the code of a body
	MaxWritten        = 500       // decisions in writing of one body
	MaxSessions       = 10_000    // sessions of one body
	MaxItems          = 100       // items of an agenda
	MaxDelegates      = 100       // posts of a delegation
	MaxPapers         = 500       // papers of a meeting
	MaxEdits          = 32        // paragraphs changed by one act
	MaxSegments       = 5_000     // paragraphs of minutes
	MaxParagraph      = 4_000     // characters of a paragraph, per language
	MaxNumber         = 40        // characters of a number in a text
	MaxIncidents      = 50        // times a statement was published early
	MaxReadout        = 20_000    // characters of a national readout, per language
	MaxComment        = 4_000     // characters of a comment on the public page
	MaxEmail          = 254       // bytes of an address (RFC 5321 section 4.5.3.1.3)
	MaxPicture        = 512 << 10 // bytes of a picture beside a statement
	MaxPictureSide    = 1600      // pixels
)

// Bounds of an agreement and its text.
const (
	MaxTextContent   = 4 << 20 // bytes of a text in all its languages, as JSON
	MaxMinutes       = 4_000   // segments of a text
	MaxSegmentText   = 20_000  // characters of one segment, per language
	MaxKindActs      = 100     // acts of one kind by one member about one agreement that have effect
	MaxWordings      = 2_000   // brackets, answers to them and findings on concordance: the same
	MaxSubjects      = 16      // things full powers are given for
	MaxDomesticSteps = 40      // steps of a domestic track
)
