# The withdrawal arrives before the desk opens the note: it counts from its receipt (practice 5.4, P2).
iq releases iq-1 to sy
iq withdraws iq-1
sy receives everything of iq
sy opens iq-1
----
iq-1 is withdrawn
  sy: withdrawn before it opened
  void: note.open by sy (withdrawn)

# The desk opens the note while the link is cut: the opening had not seen the withdrawal, which comes too late (P4).
iq releases iq-1 to sy
sy receives everything of iq
iq withdraws iq-1
sy opens iq-1
----
iq-1 is opened
  sy: opened
  void: note.withdraw by iq (opened)

# The same, and the withdrawal arrives after the opening: nothing changes, in whatever order the acts are learned.
iq releases iq-1 to sy
iq withdraws iq-1
sy receives the first 1 of iq
sy opens iq-1
sy receives everything of iq
iq receives everything of sy
----
iq-1 is opened
  sy: opened
  void: note.withdraw by iq (opened)

# A circular: one addressee opened in time, the other received the withdrawal first. Each stands by its own log.
iq releases iq-1 to sy, jo
sy receives everything of iq
sy opens iq-1
iq withdraws iq-1
jo receives everything of iq
jo opens iq-1
----
iq-1 is opened
  jo: withdrawn before it opened
  sy: opened
  void: note.open by jo (withdrawn)

# Nobody had opened it: it is withdrawn for all, and a second withdrawal adds nothing.
iq releases iq-1 to sy, jo
iq withdraws iq-1
iq withdraws iq-1
----
iq-1 is withdrawn
  jo: withdrawn before it opened
  sy: withdrawn before it opened
  void: note.withdraw by iq (already)

# Only the writer withdraws.
iq releases iq-1 to sy
sy receives everything of iq
sy withdraws iq-1
jo withdraws iq-1
----
iq-1 is released
  sy: nothing yet
  void: note.withdraw by jo (not-yours)
  void: note.withdraw by sy (not-yours)

# An answer written before the withdrawal arrived is an opening too.
iq releases iq-1 to sy by 2026-12-01
sy receives everything of iq
iq withdraws iq-1
sy releases sy-1 to iq answering iq-1
----
iq-1 is answered
  sy: answered by sy-1
  void: note.withdraw by iq (opened)
sy-1 is released
  iq: nothing yet

# An answer to what was received as withdrawn stands as a note of its own and answers nothing.
iq releases iq-1 to sy
iq withdraws iq-1
sy receives everything of iq
sy releases sy-1 to iq answering iq-1
----
iq-1 is withdrawn
  sy: withdrawn before it opened
sy-1 is released
  iq: nothing yet

# A withdrawal of what was never released.
iq withdraws iq-1
----
iq-1 was never released
  void: note.withdraw by iq (not-released)
