package ledger

// Every bound of this package. What comes from outside and is beyond one of them is refused before it costs anything.
const (
	// MaxEntry is the longest entry in bytes: what the uint16 length of a C2SP entry bundle can say (c2sp.org/tlog-tiles).
	MaxEntry = 65_535
	// MaxInline is the largest content in bytes that is kept in one row beside its entry; a larger one is kept in parts.
	MaxInline = 64 << 10
	// MaxPart is the most bytes of a content that travel, or are written, in one piece: one short transaction.
	MaxPart = 1 << 20
	// MaxContent is the largest content in bytes.
	MaxContent = 4 << 30
	// MaxContents is how many contents one entry may commit to.
	MaxContents = 256
	// MaxType bounds a content's media type and an upload's file name, in bytes.
	MaxType = 512
	// MaxBatchEntries and MaxBatchBytes bound what one Append or one Mirror call brings.
	MaxBatchEntries = 4_096
	MaxBatchBytes   = 16 << 20
	// MaxCheckpoint bounds a checkpoint and a receipt from outside: text, and two signatures each of a log and a mirror, with room.
	MaxCheckpoint = 32 << 10
	// MaxMissing is how many ranges a receipt lists; beyond it the last range is stretched, so that a receipt may deny
	// what it holds but never claims what it does not.
	MaxMissing = 256
	// MaxName bounds a log's or a member's name in bytes: the uint8 length of a C2SP cosignature (c2sp.org/tlog-cosignature).
	MaxName = 200
	// MaxLogs is how many logs one ledger holds: the bits left for it in the key of a content.
	MaxLogs = 1<<15 - 1
	// MaxSize is the most entries of one log: the bits left for an index in the key of a content.
	MaxSize = 1<<40 - 1
	// MaxEvidence is how many pieces of evidence are kept of one kind about one log, and MaxEvidenceListed how many are listed.
	// Kinds and logs are bounded apart so that a flood of one kind cannot push out the proof of a fork.
	MaxEvidence       = 100
	MaxEvidenceListed = 1_000
	// MaxViews is how many checkpoints ahead of ours are remembered of one log.
	MaxViews = 64
	// MaxProofContent is the largest content in bytes a proof file carries; a larger one is named and handed over beside it.
	MaxProofContent = 4 << 20
	// MaxProofReceipts is how many receipts a proof file carries.
	MaxProofReceipts = 64
	// MaxProofFile bounds a proof file in bytes.
	MaxProofFile = 32 << 20

	// MinPassphrase is the shortest passphrase in bytes that opens data keys or a backup.
	MinPassphrase = 12

	// groupJobs and groupBytes bound one transaction of the writer, so that the last of a burst is answered soon after the first.
	groupJobs  = 256
	groupBytes = 4 << 20
	// partFill is the size up to which small pieces of a content are joined into one row: 20 MB over a slow link is then some
	// 320 rows and not 5,000, and a piece of 4 KiB rewrites half of 64 KiB on average.
	partFill = 64 << 10
)
