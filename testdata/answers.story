# Released, opened, answered.
iq releases iq-1 to sy by 2026-12-01
sy receives everything of iq
sy opens iq-1
sy releases sy-1 to iq answering iq-1
----
iq-1 is answered
  sy: answered by sy-1
sy-1 is released
  iq: nothing yet

# Silence is visible: opened, not answered by the date.
iq releases iq-1 to sy by 2026-12-01
sy receives everything of iq
sy opens iq-1
----
iq-1 is opened, on 2027-01-01 no-answer
  sy: opened

# The writer waits for no answer any more.
iq releases iq-1 to sy by 2026-12-01
iq wants no answer to iq-1
iq wants no answer to iq-1
sy receives everything of iq
sy wants no answer to iq-1
----
iq-1 is no-answer-needed
  sy: nothing yet
  void: note.no-answer-needed by iq (already)
  void: note.no-answer-needed by sy (not-yours)

# The answer crosses the writer's saying that none is needed: it is an answer all the same.
iq releases iq-1 to sy by 2026-12-01
sy receives everything of iq
iq wants no answer to iq-1
sy releases sy-1 to iq answering iq-1
----
iq-1 is answered
  sy: answered by sy-1
sy-1 is released
  iq: nothing yet

# Of two addressees one answers: the other is still awaited.
iq releases iq-1 to sy, jo by 2026-12-01
sy receives everything of iq
sy releases sy-1 to iq answering iq-1
jo receives everything of iq
jo opens iq-1
----
iq-1 is opened, on 2027-01-01 no-answer
  jo: opened
  sy: answered by sy-1
sy-1 is released
  iq: nothing yet

# Who answers twice has answered with the first.
iq releases iq-1 to sy
sy receives everything of iq
sy releases sy-1 to iq answering iq-1
sy releases sy-2 to iq answering iq-1
----
iq-1 is answered
  sy: answered by sy-1
sy-1 is released
  iq: nothing yet
sy-2 is released
  iq: nothing yet

# A note that was not addressed to its writer answers nothing; nor one that does not go to whom it answers.
iq releases iq-1 to sy
jo receives everything of iq
jo releases jo-1 to iq answering iq-1
sy receives everything of iq
sy releases sy-1 to jo answering iq-1
----
iq-1 is released
  sy: nothing yet
jo-1 is released
  iq: nothing yet
sy-1 is released
  jo: nothing yet

# Answers cross: each answers the other's note, neither having received the other's answer.
iq releases iq-1 to sy
sy releases sy-1 to iq
iq receives everything of sy
sy receives everything of iq
iq releases iq-2 to sy answering sy-1
sy releases sy-2 to iq answering iq-1
----
iq-1 is answered
  sy: answered by sy-2
iq-2 is released
  sy: nothing yet
sy-1 is answered
  iq: answered by iq-2
sy-2 is released
  iq: nothing yet

# A desk opens twice, and one opens what was not for it.
iq releases iq-1 to sy
sy receives everything of iq
sy opens iq-1
sy opens iq-1
jo receives everything of iq
jo opens iq-1
----
iq-1 is opened
  sy: opened
  void: note.open by jo (not-addressed)
  void: note.open by sy (already)

# Nobody releases under another's name, nor twice under one.
sy releases iq-1 to jo
iq releases iq-1 to sy
iq releases iq-1 to jo
----
iq-1 is released
  sy: nothing yet
  void: note.release by sy (not-yours)
  void: note.release by iq (already)
