# The words of the pages in English. zh-CN.ftl says the same with the same keys and values; a test compares them.
# Terms are those of docs/glossary.md: station, visit, joint activity, seal, witnessed.

## Everywhere

emblem = 联
colon = :{" "}
optional = optional
skip = Skip to the content
printed = This page as of { $made }; times without a date are of that day.
other-language = 中文
type-large = Large type
type-normal = Normal type
theme = Theme
theme-system = System
theme-light = Light
theme-dark = Dark
contrast-more = More contrast
foot = Page settings
sign-out = Sign out
as-of = As of { $time }
export = Download table
bundle = Evidence bundle
bundle-case = With what it cites
bundle-quarter = Quarter { $quarter } of { $year }
bundle-year = Year
bundle-when = Quarter
bundle-deputy-what = The records that a deputy signed in a year, and those that name the deputy.
bundle-station-what = All records of a station in a quarter, without the personal part of visitors.
deputy = Deputy
bundle-download = Download evidence bundle

## Days

date-day = { $day } { $month ->
        [1] Jan
        [2] Feb
        [3] Mar
        [4] Apr
        [5] May
        [6] Jun
        [7] Jul
        [8] Aug
        [9] Sep
        [10] Oct
        [11] Nov
        *[12] Dec
    }
date-full = { $day } { $month ->
        [1] Jan
        [2] Feb
        [3] Mar
        [4] Apr
        [5] May
        [6] Jun
        [7] Jul
        [8] Aug
        [9] Sep
        [10] Oct
        [11] Nov
        *[12] Dec
    } { $year }
date-weekday = { $weekday ->
        [1] Mon
        [2] Tue
        [3] Wed
        [4] Thu
        [5] Fri
        [6] Sat
        *[7] Sun
    } { $day } { $month ->
        [1] Jan
        [2] Feb
        [3] Mar
        [4] Apr
        [5] May
        [6] Jun
        [7] Jul
        [8] Aug
        [9] Sep
        [10] Oct
        [11] Nov
        *[12] Dec
    }

## Rail

rail = Main navigation
rail-today = Today
rail-ledgers = Ledgers
rail-visits = Visits
rail-activities = Activities
rail-deputies = Deputies
rail-trust = Trust
rail-appointments = Appointments
rail-network = Network
rail-privacy = Personal data

## Sync

sync-level = In sync
sync-syncing = Syncing
sync-offline = Offline
sync-waiting = No network. Carry on: { $count ->
        [one] 1 entry goes
       *[other] { $count } entries go
    } out by { $count ->
        [one] itself
       *[other] themselves
    } once there is one.
strip-offline = No network. Carry on: what you save goes out by itself once there is one.
strip-alarms = { $count ->
        [one] 1 alarm needs
       *[other] { $count } alarms need
    } attention.
strip-alarms-look = Look

## Entrance

login-title = Sign in
login-why = The passphrase opens your key on this node; it signs every entry you make.
login-name = Login name
login-passphrase = Passphrase
login-do = Open my key
login-invited = I have a code
join-title = Join { $org }
join-lead = The code appoints your account. Your key is made here and locked with your own passphrase.
join-code-why = from the org that invites; good once
join-busy = Somebody is joining just now; press once more in a moment.
login-lost = Passphrase lost? The administrator of this node appoints a new key. What you signed stays good.

## Errors

error-status = Status { $status }
error-home = Back to today
error-case = In the node's log:

## Deadlines

due-late = { $count ->
        [one] 1 day
       *[other] { $count } days
    } late
due-today = due today
due-soon = { $count ->
        [one] 1 day
       *[other] { $count } days
    } left
due-ok = { $count ->
        [one] 1 day
       *[other] { $count } days
    } left
due-done = done

## Proof marks

trust-waiting = not witnessed
trust-witnessed = witnessed
trust-by-link = by link
trust-pending = pending
trust-contested = contested
trust-ineffective = ineffective
trust-refused = refused
trust-erased = erased

## Fields for reading

fact-missing = missing
fact-none = none
fact-owner = Org
fact-split = two values
facts = Facts

## Lists

pager = Pages
pager-range = { $first }–{ $last } of { $count }
pager-previous = Previous
pager-next = Next
filter-words = Search
filter-name = Search by name
filter-do = Find
filter-clear = Show all

## Columns

col-time = Time
col-day = Day
col-station = Station
col-channel = Channel
col-persons = Persons
col-gist = Gist
col-receiver = Receiver
col-triage = Triage
col-proof = Proof
col-visits = Visits
col-people = Persons
col-open = Open
col-orgs = Orgs
col-present = Present
col-seal = Seal
col-name = Name
col-level = Level
col-group = Group
col-occupation = Occupation
col-post = Post
col-activities = Activities this year
col-key = Key
col-happened = Happened
col-happened-hint = as stated
col-recorded = Recorded
col-recorded-hint = by the author
col-witnessed = Witnessed
col-witnessed-hint = by the parent
col-witness = Witness
col-witness-time = Time
col-index = Index
col-space = Space
col-owner = Owner
col-origin = Origin
col-audience = Audience
col-size = Size
col-receipt = Last receipt
col-lag = Lag
col-org = Org
col-contact = Contact
col-behind = To come
col-version = Version
col-silent = For
col-heard = Last heard of
col-held = Held here
col-signed = Signed by it
col-newest = Newest entry
col-node = Node

## Home

home-title-quiet = Nothing registered yet today
home-title-done = { $count ->
        [one] 1 visit
       *[other] { $count } visits
    } today, all triaged
home-title-open = { $count ->
        [one] 1 visit is
       *[other] { $count } visits are
    } still open
home-received = Today: { $visits ->
        [one] 1 visit
       *[other] { $visits } visits
    }, { $persons ->
        [one] 1 person
       *[other] { $persons } persons
    }
home-next = Next
home-late = { $count } late
home-next-none = Nothing waits for you
home-next-none-how = Visits without a triage, and people who were not told, will stand here.
home-today = Registered today
home-ledger = Ledger of letters and visits
said-visits = Letters and visits have changed

## Register a visit

visit-register = Register a visit
visit-goes = Goes up to the county, without personal data
visit-gist = Gist
visit-gist-hint = no names, phones or addresses
visit-gist-person = This looks like personal data. Move it to a field that stays in the township, or take it out.
suspects = Looks like personal data: check each
suspects-how = These fields go further than the township. Change what is marked; what may stand, as the number of an office, is cleared with a reason that is signed with the record.
suspects-note = Why it may stand
suspects-note-hint = it stays with the record; do not repeat what is marked
visit-channel = Channel
visit-persons = Persons
visit-nature = Nature
visit-received-at = Received at
visit-receiver = Received by
visit-triage = Triage
visit-told = Told on
visit-person = The person
visit-stays-township = stays in { $place }
visit-stays-station = stays in { $place }
visit-name = Name
visit-phone = Phone
visit-address = Address
visit-sensitive = Health and hardship
visit-health = Health
visit-hardship = Hardship
visit-do = Register

## Ledger of letters and visits

visits-title-none = No visit fits
visits-title-empty = Nothing registered yet
visits-title-done = { $count ->
        [one] 1 visit
       *[other] { $count } visits
    }, all triaged
visits-title-open = { $count ->
        [one] 1 visit
       *[other] { $count } visits
    }, { $open } without a triage
visits-rows = Visits
visits-none = Nothing fits
visits-none-how = Leave out a filter and search again.
visits-empty = Nothing here yet
visits-empty-how = When somebody comes, fill in the gist and register.
totals = By station
totals-all = Total

## Record

turn = The situation now
turn-state = State
turn-you = You may now
turn-do = Sign and record
conflicts = Two values
conflicts-how = Choose one; the other can still be looked up.
conflicts-do = Choose
conflicts-other = Another value
conflicts-title = { $count ->
    [one] One record has a field with several values
   *[other] { $count } records have fields with several values
}
conflicts-title-none = No field has two values
conflicts-what = Several people changed one field at the same time and wrote different values. All of them stay until somebody who may write the ledger chooses; the others can still be looked up among the changes.
conflicts-none = There is nothing to choose.
conflicts-none-how = Fields that several people changed at the same time, with different values, are listed here.
conflicts-link = { $count ->
    [one] One record with several values
   *[other] { $count } records with several values
}
confirm-head = Confirmation
confirmed = Confirmed
confirmed-not = Not confirmed
confirmed-recorded = confirmation recorded
confirmed-changed = Changed since it was confirmed
confirm-what = Confirm that all that this record says is so: written by { $who }, up to { $until }.
confirm-event-what = Confirm that this is so, with its corrections up to now.
confirm-do = Confirm
confirm-done = Signed and confirmed.
confirm-once = You have confirmed this already.
confirm-own = You wrote part of this; somebody else has to confirm it.
confirm-waiting = Something of this has not arrived here yet; it can be confirmed when all is here.
confirm-all = All that the record says
paper-confirm = Record a confirmation on paper
paper-confirm-how = Somebody without a key confirmed on paper what stands here: you record it, sign, and attach the signed paper. It is shown as recorded, and never counts as confirmed by key.
paper-confirm-do = Record and sign
paper-confirm-done = The confirmation is recorded.
paper-confirmed = { $count ->
    [one] { $count } confirmation recorded for another
   *[other] { $count } confirmations recorded for others
}
paper-sign-in = Record a sign-in on paper
paper-sign-in-how = A deputy without a key signed in on paper: you record it, sign, and attach the paper. It is shown as paper and counted apart.
paper-sign-in-do = Record and sign
paper-sign-in-done = The sign-in is recorded.
paper-once = It is there for this person already; nothing was added.
paper-name = Name
paper-person = Several have this name: which one
paper-office = Office
paper-office-hint = may be empty for somebody of the list
paper-level = Level of the seat
paper-level-known = as appointed
paper-happened = Day of the signature
paper-file = Scan or photo of the signed paper
paper-kinds = JPEG, PNG, WebP, PDF
paper-file-hint = It travels with the record: the signed page alone, and nothing of citizens.
paper-scan = See the scan
paper-recorded = { $how }, recorded by { $who }
paper-back = taken back
proof-paper = on paper
proof-link = by a one-time link
proof-token = by a one-time code
correct-do = Correct
correct-done = Corrected. The original stays.
correct-how = The original stays, struck through, with what is right beside it. Every level sees both.
correct-reason = Reason
correct-when = It happened
correct-when-wrong = Write a date, or a date and a time.
correct-text = What it should say
correct-take-back = Take it back: it did not happen
correct-nothing = Taken back
sign-in-back = { $who } (taken back)
correct-by = Corrected by { $who }
event-open = Correct or confirm
event-look = Corrections and confirmations
event-close = Close
line-was = Was
line-now = now
line-void = Corrected; it said
private-personal = The person
private-sensitive = Health and hardship
private-audience = Held by { $who } only; it travels no further
private-closed = Personal data is kept here. Choose what for to see it; that is noted.
private-open = Show
private-with = Shown together once what for is chosen.
private-locked = Its time is over, and until { $until } the law forbids to erase it: until then it is kept and not used.
purpose-handle = Work on the visit
purpose-follow-up = Call back
purpose-check = Check
purpose-other = Another purpose
purpose-typing = Go on typing
purpose-words = What for, without names and numbers
way-open = shown
way-export = exported
way-print = printed
private-elsewhere = Not held here. Ask { $who }.
private-erased = Erased, { $how }. The entry itself stays.
timeline = Changes
timeline-until = Until
timeline-awaited = not yet
entered-late = entered { $count ->
        [one] 1 day
       *[other] { $count } days
    } late
after-seal = after the seal
said-record = This record has changed

## Erasing

erase = Erase personal data
erase-title = Erase
erase-back = Back to the record
erase-why = Why it is erased
erase-nothing-yet = This only looks; nothing is signed yet
erase-extent = What is erased
erase-personal = Personal data alone; the entry itself stays
erase-whole = The whole record, with its personal data
erase-ground = Ground
erase-ground-missing = Choose a ground.
erase-ground-retention = The time for keeping it is over
erase-ground-request = The person asked for it
erase-ground-consent = The person took consent back
erase-ground-misplaced = Personal data stood in the wrong place
erase-ground-unlawful = It should not have been collected
erase-on = Date of the decision
erase-on-future = The date of the decision cannot lie in the future.
erase-note = Remark
erase-note-hint = It stays after erasing: no names, no numbers
erase-preview = See what it would do
erase-leave = Do not erase
erase-does = After erasing
erase-nothing = There is nothing here to erase.
erase-the-record = The record
erase-says = { $what }: what was entered ({ $changes }) and attached ({ $attachments }) can be read no more; { $holders } each erase it and sign that they did.
erase-stays = That it was there, who signed it when, and who erased it can still be proved.
erase-backups = Backups of keys that were made before must be destroyed by hand.
erase-sign = Sign the erasure
erase-final = It is final. It takes effect once the parent has witnessed it.
erase-passphrase = Your passphrase
erase-do = Sign and erase
erase-done = Signed. Once the parent has witnessed it, every holder erases.
erase-not-yours = Erasures are signed by the liaison, the station head, the secretary, the chair or the deputies' office.
erased-waits = An erasure is signed and waits to be witnessed.
erased-words = since { $since }, decided by { $who } on { $on } because: { $ground }; erased at { $done } of { $of } holders
record-title-erased = An erased record

## Issuing anew

anew = Issue anew
anew-title = Issue the record anew
anew-how = What is signed cannot be rewritten: personal data in its words goes only with the whole record. Mend it here. Once signed, the new record goes on, and every holder erases the old one after it is witnessed.
anew-edit = The new record
anew-nothing-yet = Next is a preview; nothing is signed yet
anew-parts = Personal parts
anew-parts-hint = They come along unread and as they are; what does not come along is erased with the old record. To change one, open it on the old record first
anew-files = Attachments
anew-files-hint = What is ticked comes along; the rest is erased with the old record
anew-preview = Preview
anew-leave = Do not issue anew
anew-back = Change something
anew-new = What the new record says
anew-rest = The old record is left to be erased
anew-begun = The new record is signed already:{" "}
anew-differs = Other than in the old record:{" "}
anew-same = Every field is as in the old record.
anew-along-annex = The personal part "{ $what }" comes along, encrypted with a new key.
anew-along-not = The personal part "{ $what }" does not come along and is erased with the old record.
anew-along-files = Of { $all } attachments { $kept } come along.
anew-stays = What does not come along
anew-stays-event = { $what }, which { $who } signed over the old record
anew-stays-annex = The personal part "{ $what }": holders of your post do not write it; it is erased with the old record
anew-stays-elsewhere = The personal part "{ $what }": it is not open here, and is erased at a node that has it
anew-stays-history = The history of the old record
anew-erases = What is erased
anew-sign = Sign
anew-final = Erasing is final. The new record takes the old one's place: pages and references lead to it.
anew-do = Sign and issue anew
anew-done = Signed. This is the new record; once the parent has witnessed it, every holder erases the old one.
anew-as = It was issued anew as:{" "}
anew-for = This record was issued for an erased one:{" "}

## Proof

proof = Proof
proof-close = Close proof
proof-say-witnessed = { $who } signed this as { $role }. It has not been changed since, and the parent witnessed it.
proof-say-waiting = { $who } signed this as { $role }. It has not been changed since. The parent has not witnessed it yet.
proof-say-by-link = This was done through a one-time link and signed by the node, for { $who } ({ $role }).
proof-say-pending = { $who } signed this as { $role }, but something it relies on is not here yet. It does not count for now.
proof-say-contested = { $who } signed this as { $role }, but the key was revoked later. A holder of the same role may adopt it, or the author may sign anew.
proof-say-ineffective = { $who } signed this as { $role } and it has not been changed, but it has no effect.
proof-say-refused = What { $who } ({ $role }) signed here does not count.
proof-say-erased = { $who } signed this as { $role }. Its content was erased by rule; its place and signature stay.
proof-checked = What was checked
check-signature = The signature fits the content
check-signature-not = The signature does not fit the content
check-appointment = The appointment was valid, up to the founding statement
check-appointment-not = No fitting appointment at that time
check-log = In the log, which was not rewritten
check-log-not = The log has two branches; the one witnessed first stands
check-witness = The required parent witnessed it
check-witness-not = The required parent has not witnessed it yet
check-dependencies = All it relies on is here
check-dependencies-not = Not all it relies on is here
proof-chain = Chain of appointments
proof-founding = Founding statement: the chain ends here
proof-appointed = appointed by { $by }, { $period }
proof-log = Place in the log
proof-place = Log of { $owner }, index { $index }, checked at size { $size }
proof-witnesses = Witnesses
proof-no-witness = No node has witnessed it yet. It goes out by itself.
proof-required = required parent
proof-awaited = not yet
proof-voluntary = not yet, harmless
proof-fingerprint = Fingerprint
proof-key = Signing key
proof-as-of = As of the parent’s checkpoint of { $time }.
proof-stale = That is old; it is renewed once connected.

## Activities

activity = Activity
joint-activity = Joint activity
joint = joint
activities-title-none = No activity fits
activities-title-empty = No activities yet
activities-title-done = { $count ->
        [one] 1 activity
       *[other] { $count } activities
    }, all seals given
activities-title-unsealed = { $count ->
        [one] 1 joint activity awaits
       *[other] { $count } joint activities await
    } a seal
activities-rows = Activities
activities-empty = No activities yet
activities-empty-how = Open one, and deputies can sign in, write and seal.
activity-open = Open an activity
activity-open-do = Open
activity-topic = Topic
activity-kind = Kind
activity-from = From
activity-to = To
activity-orgs = Partner orgs
activity-orgs-hint = choosing any makes it a joint activity, written from each org’s own node
activity-participants = Participants
activity-participants-hint = names, apart by commas
sign-in-wait = You have not signed in
sign-in-do = Sign in here
line = Write a line
line-hint = Who saw or promised what, by when
line-do = Sign and record
log = Log
log-nodes = From { $count ->
        [one] 1 node
       *[other] { $count } nodes
    }, newest first
log-empty = No lines yet
log-empty-how = Deputies and recorders on site write the first one above.
said-log = The log has changed
seals = Seals
seals-none = Required seals are listed once deputies sign in
seals-full = Sealed
seals-count = { $given } of { $required } given
seal-tail = 之印
seal-given = sealed { $time }
seal-awaited = awaited
seal-awaited-of = awaiting the seal
seals-same = { $count ->
        [one] The seal covers
       *[other] All { $count } seals cover
    } the same content.
seals-after = { $count ->
        [one] 1 change
       *[other] { $count } changes
    } made after the seal { $count ->
        [one] stands
       *[other] stand
    } outside it and { $count ->
        [one] does
       *[other] do
    } not break it.
seals-differ = These seals do not cover the same content. Read the log as it stands now and seal again.
seals-digest = Digest of what is sealed
seal-covers = You seal for the { $level }, over the { $count ->
        [one] 1 line
       *[other] { $count } lines
    } shown now.
seal-do = Seal for the { $level }
said-seals = The seals have changed
participants = Participants
participants-count = { $present } of { $expected } present
participants-recorded = of which recorded { $count }
signed-not = not signed in
signed-key = key
signed-link = link
signed-token = code
signed-paper = paper

## Deputies

deputies-title = { $count ->
        [one] 1 deputy
       *[other] { $count } deputies
    }
deputies-title-sites = { $count ->
        [one] 1 deputy
       *[other] { $count } deputies
    } at { $sites } stations
deputies-title-none = No deputy fits
deputies-title-empty = The roster is empty
deputies-rows = Roster
deputies-empty = The roster is empty
deputies-empty-how = Deputies stand here once the deputies’ office has entered their seats.
key-own = own key
key-none = none

## What stands on top of the day

news = Appointments
news-look = See the appointment
news-node-revoked = { $by } revoked the appointment of this node: { $reason }. What it writes from now on waits for an adoption. Ask { $by } to appoint it anew.
news-node-expired = The appointment of this node ended on { $day }. What it writes from now on does not count. Ask { $by } to renew it.
news-node-contested = The authority that appointed this node was revoked. Until an org above adopts the appointment, what it writes waits.
news-own-revoked = { $by } revoked your appointment on { $day }: { $reason }. What you sign from now on waits for an adoption. To go on serving, ask { $by } to appoint you anew.
news-own-expired = Your appointment ended on { $day }. What you signed before stays good, what you sign now does not count. Ask { $by } to renew it.
news-own-contested = The authority that appointed you was revoked. Until an org above adopts the appointment, what you sign waits.
news-own-expiring = Your appointment ends on { $day }, in { $count ->
        [one] 1 day
       *[other] { $count } days
    }. Ask { $by } to renew it; you need do nothing yourself.
news-ending = { $count ->
        [one] 1 appointment ends
       *[other] { $count } appointments end
    } within 30 days, the first on { $day }: { $names }. Renew them in time.
news-ending-more = { $count ->
        [one] 1 appointment ends
       *[other] { $count } appointments end
    } within 30 days, the first on { $day }: { $names } and others. Renew them in time.

## Appointments

appointments-title = { $count ->
        [one] 1 appointment
       *[other] { $count } appointments
    } in force
appointments-title-ending = { $count ->
        [one] 1 appointment ends
       *[other] { $count } appointments end
    } within 30 days
appointments-title-found = { $count ->
        [one] 1 appointment
       *[other] { $count } appointments
    } found
appointments-title-none = No appointment fits
appointments-rows = Appointments
appointments-past = { $count ->
        [one] 1 earlier one
       *[other] { $count } earlier ones
    }
appointments-contested = { $count } to adopt
appointments-empty = Nobody holds a post in this org now
appointments-empty-how = It may not have joined yet, or its appointments are not here yet.
orgs = Orgs
org-own = own
org-people = { $count ->
        [one] 1 person
       *[other] { $count } people
    }
org-elsewhere = not held here
news-who = { $holder } ({ $post })
revoke-records = Records
revoke-statements = Statements that wait
org-below = { $count } below
org-alert = { $count } to look at
office-find = Name, org or key
office-holder = Holder
office-org = Org
office-post = Post
office-key = Key
office-until = Until
office-state = State
office-period = Term
office-issuer = Appointed by
office-issued = Stated
office-login = Login
office-person = Person
office-id = Appointment
office-who = { $holder }, { $post }
office-in-force = in force
office-not-yet = not yet
office-expiring = ends soon
office-expired = ended
office-renewed = renewed
office-revoked = revoked
office-contested = contested
office-note-renewed = Another appointment to the same post holds longer and has taken over.
office-note-not-yet = It begins on { $day }.
office-note-expiring = What is signed after the end does not count: renew it in time.
office-note-expired = What is signed after the end does not count. What was signed before stays good.
office-note-contested = The authority that gave it was revoked. It stands again once an org above adopts it.
office-revocation = Revocation
office-others = Other appointments of this person
purpose-authority = authority
purpose-node = node
purpose-witness = witness
chain-reads = from below up to the founding statement
appointment-hint = The administrator or station head of { $org } renews and revokes.
authority-passphrase = Passphrase of the org
authority-once = opens the org’s key for this once
authority-wrong = That is not the passphrase of the org. Check capitals and the input method, then try again.
authority-not-yours = The administrator or station head of this org renews, revokes and adopts.
renew-until = Renew until
renew-until-wrong = Choose the last day of the term.
renew-do = Renew
renew-done = Renewed. The key is the same; its holder need do nothing.

## Revocation

revoke-look = Revoke this appointment…
revoke-title = Revoke: { $who }
revoke-why = Why it is revoked
revoke-nothing-yet = This only shows what follows; nothing is signed
revoke-ground = Ground
revoke-soft = Left office, or the key was replaced: what was witnessed before stays good
revoke-hard = The key was stolen or lost: all signed since then waits for an adoption
revoke-since = Stolen or lost since
revoke-since-hint = Leave it empty if unknown; then everything waits
revoke-since-soft = Leaving office has no such time. If the key was stolen or lost, choose that above.
revoke-since-wrong = Choose a date and a time.
revoke-reason = Reason
revoke-reason-hint = Public: every org can read it. Nothing private
revoke-reason-missing = Give the reason, so that others know why.
revoke-reason-long = The reason is too long. Keep it under 400 bytes.
revoke-keep = What it appointed
revoke-keep-auto = By the ground: all stands if it left office, none if the key was stolen or lost
revoke-keep-all = All stands
revoke-keep-none = None stands
revoke-keep-only = Only what is chosen below stands
revoke-kept = One by one
revoke-kept-hint = for “Only what is chosen below stands”
revoke-kept-wrong = The id of an appointment cannot be read. Choose once more.
revoke-preview = See what follows
revoke-leave = Do not revoke
revoke-does = What follows
revoke-does-later = Fill in ground and reason and press “See what follows”: then this lists what stays good and what waits for an adoption.
revoke-says-good = { $count ->
        [one] 1 entry was
       *[other] { $count } entries were
    } witnessed before and { $count ->
        [one] stays
       *[other] stay
    } good.
revoke-says-none = Nothing waits for an adoption because of it; { $count ->
        [one] 1 entry stays
       *[other] { $count } entries stay
    } good.
revoke-says-waiting = { $entries ->
        [one] 1 entry waits
       *[other] { $entries } entries wait
    } for an adoption, personal parts among them, in { $records ->
        [one] 1 record
       *[other] { $records } records
    }. Nothing is lost; until then it does not count.
revoke-says-statements = Of the statements under it { $kept ->
        [one] 1 stands
       *[other] { $kept } stand
    } on and { $waiting ->
        [one] 1 waits
       *[other] { $waiting } wait
    } for an adoption.
revoke-says-witness = What it witnesses from now on counts no more; what it witnessed before does. Nothing waits for an adoption.
revoke-says-node = What this node writes from now on waits, until it is appointed anew.
revoke-says-person = The person can no longer sign in or sign under this appointment.
revoke-entries = { $count ->
        [one] 1 entry
       *[other] { $count } entries
    }
revoke-more = { $count } more
revoke-sign = Sign the revocation
revoke-final = A revocation cannot be taken back. To serve again the person is appointed anew.
revoke-do = Sign the revocation
revoke-done = Revoked. What waits for an adoption is listed here:
revoked-by = Revoked by
revoked-at = Revoked
revoked-soft = left office, or the key was replaced
revoked-hard = the key was stolen or lost
revoked-hard-since = the key was stolen or lost since { $time }
statement-other = Statement { $id }
statement-org = Org: { $org }
statement-policy = Policy on witnesses
statement-org-change = Change of { $org }
revoked-statement = Revocation
appointment-anew = To serve again the person is appointed anew, by the administrator with lianzhan appoint.

## Adoption

contested = To adopt
contested-title-none = Nothing waits for an adoption
contested-title-entries = { $count ->
        [one] 1 entry
       *[other] { $count } entries
    } to adopt
contested-title-statements = { $count ->
        [one] 1 statement
       *[other] { $count } statements
    } to adopt
contested-title-both = { $entries ->
        [one] 1 entry
       *[other] { $entries } entries
    } and { $statements ->
        [one] 1 statement
       *[other] { $statements } statements
    } to adopt
contested-what = What was signed under an appointment that was revoked later, and was not witnessed in time, does not count for now. If it is true, a holder of the same post or the org adopts it, and it counts again in its place.
contested-none = Nothing waits for an adoption
contested-none-how = After a revocation, what was not witnessed in time is listed here.
contested-statements = Appointments and other statements
contested-records = Entries of records
contested-look = See the appointment
contested-issued = stated by { $org }
contested-authority = { $by } revoked the authority under which it was stated.
contested-sealed = personal part
contested-own = your post
contested-untitled = Record { $id }
contested-choose-all = Choose all on this page
contested-choose-none = Choose none
contested-more = { $count } more are listed once these are adopted.
contested-choose = Choose what is to be adopted; the next step shows it before it is signed.
contested-hint = A holder of the same post, the administrator or the station head adopts.
adopt-preview = See what is chosen
adopt-look = Adopt…
adopt-title = Adopt { $count ->
        [one] 1 item
       *[other] { $count } items
    }
adopt-does = What follows
adopt-counts = This counts again in its place, and whoever adopts it answers for it.
adopt-resting = { $count ->
        [one] 1 appointment that waits
       *[other] { $count } appointments that wait
    } only because of these { $count ->
        [one] stands
       *[other] stand
    } again, too.
adopt-by-post = Adopt in your own post
adopt-by-post-how = You hold the post { $post }. Your open key signs it, in these records.
adopt-by-org = Adopt in the name of { $org }
adopt-by-org-how = The org’s key signs it; every org can see it.
adopt-do = Sign the adoption
adopt-do-org = Sign for the org
adopt-nobody = You cannot adopt all of these together: some are of another post, some of an org that is not below this one. Go back and choose them apart.
adopt-leave = Back to the list
adopt-done = Adopted { $count ->
        [one] 1 item
       *[other] { $count } items
    }.

## Network

network-title-level = In sync with { $count ->
        [one] 1 peer
       *[other] { $count } peers
    }, everything witnessed
network-title-all = All { $count } nodes were heard of, everything witnessed
network-title-away = { $count ->
        [one] 1 node is
       *[other] { $count } nodes are
    } away, all others were heard of
network-title-behind = { $count ->
        [one] 1 entry is
       *[other] { $count } entries are
    } not witnessed yet
network-title-alone = No peer is connected
network-title-alarms = { $count ->
        [one] 1 alarm needs
       *[other] { $count } alarms need
    } attention
network-title-silent = { $count ->
        [one] 1 node is silent, for
       *[other] { $count } nodes are silent, the longest for
    } { $span }
network-title-never = { $count ->
        [one] 1 node was
       *[other] { $count } nodes were
    } never heard of
network-title-avoided = { $count ->
        [one] 1 node misbehaved and is avoided
       *[other] { $count } nodes misbehaved and are avoided
    }
comma-clause = ,{" "}
alarms = Alarms
said-alarms = The alarms have changed
logs = Logs
logs-count = { $logs ->
        [one] 1 log
       *[other] { $logs } logs
    }, { $entries ->
        [one] 1 entry
       *[other] { $entries } entries
    }
logs-empty = No logs yet
logs-empty-how = The first entry, or the first peer, brings one.
log-own = own
receipt-none = none yet
lag = { $count } behind
lag-none = level
silent = Silent nodes
silent-how = No connection, entry or receipt for more than three days
silent-more = { $count ->
        [one] 1 more, list all
       *[other] { $count } more, list all
    }
network-tree = Orgs
network-filter = What is shown
network-all = All
network-only = { $count ->
        [one] Only the 1 that needs attention
       *[other] Only the { $count } that need attention
    }
network-quiet = Nothing needs attention
network-quiet-how = Every node was heard of, and there is no alarm.
network-others = Nodes of other orgs
branch-below = { $count ->
        [one] 1 node below
       *[other] { $count } nodes below
    }
branch-silent = { $count ->
        [one] 1 silent
       *[other] { $count } silent
    }
branch-attention = { $count ->
        [one] 1 needs attention
       *[other] { $count } need attention
    }
branch-rest = { $count ->
        [one] The other node
       *[other] The other { $count } nodes
    }
peers-count = { $connected } of { $count } online
peer-connected = connected
contact-own = this node
contact-told = connected to { $org }
contact-away = away for { $span }
contact-silent = silent for { $span }
contact-never = never heard of
contact-undialled = not dialled from here
contact-unknown = not told
heard-never = never
span-moment = less than a minute
span-seconds = { $count } s
span-minutes = { $count ->
        [one] 1 minute
       *[other] { $count } minutes
    }
span-hours = { $count ->
        [one] 1 hour
       *[other] { $count } hours
    }
span-days = { $count ->
        [one] 1 day
       *[other] { $count } days
    }
newest-at = newest { $time }
node-none = no node yet
node-no-logs = no logs
node-behind = { $count } to come
node-behind-for = { $count } to come, for { $span }
version-unknown = not told
versions = Versions
versions-nodes = { $count ->
        [one] 1 node
       *[other] { $count } nodes
    }
attention-fork = A log of it has two branches: see the alarm.
attention-halted = A log of it is halted: see the alarm.
attention-rollback = It lost what it had signed, and goes on in a new log.
attention-refused = It sent what no honest node sends: { $words }
conduct = Peers that misbehaved
conduct-one = What it did against the rules
conduct-how = Since this node started; a restart begins anew
conduct-last = Last offence
conduct-at = When
conduct-count = Times
conduct-again = Tried again
conduct-each = { $what }: { $count }
conduct-until = after { $time }
conduct-speaking = in contact again
conduct-any-time = at any time
conduct-stranger = no node of this federation
conduct-more = { $count } more: see lianzhan status.
misbehaviour-wrong-root = entries that do not fit the signed log
misbehaviour-bad-signature = a bad signature
misbehaviour-bad-entry = a malformed entry or statement
misbehaviour-outside-space = entries of another space
misbehaviour-rewind = a log shorter than it had said
misbehaviour-stale-directory = an appointment long replaced
misbehaviour-false-name = speaking in another node’s name
misbehaviour-unreadable = a message that cannot be read
misbehaviour-oversized = a message that is too long
misbehaviour-truncated = a connection that broke off
misbehaviour-unasked = an answer nobody asked for
misbehaviour-out-of-turn = a message out of turn
misbehaviour-too-much = too much at once
misbehaviour-flood = too many messages or connections
misbehaviour-no-hello = no hello after connecting
misbehaviour-stalled = an answer that did not come
misbehaviour-withheld = entries it has and did not give
misbehaviour-other-version = another version of the protocol
misbehaviour-other-federation = another federation
misbehaviour-not-a-node = not appointed as a node here
attention-avoided = It broke the rules { $count ->
        [one] once
       *[other] { $count } times, the last time
    }: { $what }. It is tried again after { $time }.
attention-witness = It cosigns nothing more until it has a new witness key.
attention-revoked = Its key was revoked as lost or stolen, and no node followed: { $words }
attention-ending = The appointment of { $post } ends in { $days ->
        [one] 1 day
       *[other] { $days } days
    }.
attention-disk = The disk is nearly full, { $free } are left: make room.
ending-authority = the org’s authority
ending-node = the node
ending-witness = the witness key
told-by = Told by
node = This node
node-facts = The node
node-key = Key fingerprint
node-founding = Founding statement
node-disk = Disk
disk-room = { $free } free of { $total }
node-compare = Compare both lines with the parent face to face: if every character is the same, this is the right federation.

## Forks and gaps

forks = Forks and gaps
forks-title = { $count ->
        [one] 1 log has
       *[other] { $count } logs have
    } two branches
forks-title-gaps = After a restore { $count ->
        [one] 1 entry is
       *[other] { $count } entries are
    } missing
forks-title-both = { $count ->
        [one] 1 log has
       *[other] { $count } logs have
    } two branches, and { $missing ->
        [one] 1 entry is
       *[other] { $missing } entries are
    } missing
forks-title-none = Every log is consistent, and nothing is missing
forks-rows = Logs with two branches
forks-none = None
forks-none-how = When one node signs two checkpoints that do not fit together, the proof is listed here.
fork-log = Log
fork-common = In common
fork-found = Found
fork-entries = { $count ->
        [one] 1 entry
       *[other] { $count } entries
    }
fork-puts = { $count ->
        [one] 1 thing
       *[other] { $count } things
    }
fork-state-open = other branch not here
fork-state-left = { $count } to sign anew
fork-state-done = settled
fork-title = { $log }: two branches
fork-witness-log = witness log
fork-unknown-space = a log that is not held here
fork-happened = What happened
fork-says-signed = One node key signed two checkpoints that do not fit together: the first { $count ->
        [one] entry is
       *[other] { $count } entries are
    } the same, what follows differs. Most often a whole disk or virtual machine was copied, and both wrote on.
fork-says-not-held = This log is not held here, only the proof.
fork-says-open = The other branch is not here yet. Until it is, the present one goes on.
fork-says-only-witnessed = The parent witnessed only one of them; that one stands.
fork-says-first-witnessed = The one that the parent witnessed first stands.
fork-says-smaller-leaf = No witness was first; the one with the smaller leaf hash where they part stands.
fork-says-alike = Every node decides by the same rule and comes to the same end. The other branch is kept as evidence and counts nowhere.
fork-stands = The branch that stands
fork-other = The other branch
fork-signed = A signed checkpoint
fork-witnessed = First witnessed by the parent
fork-unwitnessed = never
fork-not-known = not known here
fork-root = Root
fork-left = Left on the other branch
fork-left-what = This does not count; all of it is kept. Whoever signed it signs it anew, and it is written again on the branch that stands.
fork-left-none = Nothing to sign anew
fork-left-none-how = All of the other branch was signed anew, or that branch is not here yet.
fork-anew = Sign anew
fork-anew-by = { $who } signs it anew
fork-anew-done = Signed anew and written.
fork-proof = Download the proof
fork-proof-what = The proof is two signed checkpoints with their Merkle paths: anybody can check it without this node (docs/spec, 03).
fork-node-key = Node key
restored = Nodes that were restored
restored-what = The databases of these nodes fell back to an older copy, or were copied as a whole. The earlier logs are written no more, and new ones go on. What of the earlier ones is nowhere is a declared gap.
restored-none = None
restored-none-how = When a node is restored from a backup, its earlier logs and their gaps are listed here.
restored-unknown = An unknown node
restored-signed = Signed
restored-held = Here
restored-missing = Gap
restored-since = Began anew
restored-not-yet = not written since
restored-lacks = { $count } missing
restored-whole = whole

## What handlers say

comma = {", "}
period = { $from }–{ $to }
yes = yes
no = no
value-empty = (empty)
filter-all = All
level-national = national
level-province = province
level-city = city
level-county = county
level-township = township
level-street = street
level-station = station
role-deputy = { $level } deputy
role-in = { $role }, { $org }
role-authority = appointing authority
role-founding = { $threshold } of { $keys } root keys
audience-local = own org
audience-township = station, township
audience-county = station, township, county
audience-city = up to the city
audience-summary = up to the root
audience-notice = own org and all below
audience-joint = partner orgs
audience-directory = the whole line
space-directory = Orgs and appointments
space-joint = Joint activities
space-of = { $space } of { $owner }

login-wrong = Login name or passphrase is wrong. Check capitals and the input method, then try again.
login-wait = Too many attempts. Wait { $seconds ->
        [one] 1 second
       *[other] { $seconds } seconds
    }, then try again.

fault-nowhere = There is no such page
fault-nowhere-todo = The address may be misspelt. Look for it from the navigation.
fault-foreign = Not accepted: this form was not sent by the present page
fault-foreign-todo = The page may have been open too long, or somebody else has signed in. Go back, reload, and fill it in again.
fault-unread = Not accepted: what was sent cannot be read
fault-unread-todo = It may be too long. Go back, shorten it, and send it again.
fault-record = This record is not here
fault-record-todo = It may not have arrived yet. Look again once the parent is connected, or ask the station that registered it.
fault-appointment = This appointment is not here
fault-appointment-todo = It may not have arrived yet, or its id is not whole. Look under Appointments.
fault-refused = Not done
fault-refused-todo = Go back, change what is said above, and try again.
fault-full = Not saved: the disk is full
fault-full-todo = Make room, then go back and save once more; what you typed is still there. What was saved before is safe.
fault-halted = Not saved: nothing is written to this log any more
fault-halted-todo = It differs from what others hold; the administrator must compare them. Everything else goes on.
fault-inside = Not done: something is wrong on this node
fault-inside-todo = Go back; what you typed is still there. Tell the administrator the number below.

form-wrong = Not registered: { $count ->
        [one] one thing
       *[other] { $count } things
    } to change. What you typed is still here.
visit-persons-wrong = A whole number from 1 to 9999.
visit-received-future = That time is still to come. When did the person come?
visit-received-wrong = Choose a day and a time.
visit-told-wrong = Choose a day.
visit-done = Registered as { $number }.
visit-look = Look at it
visit-not-yours = Visits are registered by liaison officers and deputies.
triage-none = Not triaged yet
todo-triage = Not triaged yet
todo-tell = { $triage }; the person was not told
todo-tell-petition = Petition: tell the person within 15 days

record-title-new = Not triaged yet
record-title-open = { $triage }; the person must still be told
record-title-done = { $triage }; the person was told
record-received = Received by { $who }, { $count ->
        [one] 1 person
       *[other] { $count } persons
    }
record-persons = { $count ->
        [one] 1 person
       *[other] { $count } persons
    }
record-hint = Triage and answer are signed by a liaison officer or deputy of { $org }.
awaited-triage = Triage is awaited
awaited-tell = The person is to be told
awaited-told = The person was told
event-register = Registered
event-sign-in = Signed in
event-log-line = Wrote a line
event-seal = Sealed
event-adopt = Adopted
event-correct = Corrected
event-confirm = Confirmed
event-sign-in-for = Sign-in recorded
event-confirm-for = Confirmation recorded
event-clear = Cleared
cleared-line = the line
cleared-words = Cleared in “{ $place }” what looks like { $kinds }: { $note }
change-first = Entered
change-field = Changed “{ $field }”
change-fields = Changed { $count } fields
change-who = { $who }, { $role }
change-done = Signed and recorded.

pending-appointment = The author’s appointment is not here yet.
pending-dependency = An earlier change is not here yet.
pending-definition = The ledger’s definition is not here yet.
pending-node = The appointment of the writing node is not here yet.
pending-space = The space is not known here yet.
proof-as-of-none = No checkpoint of the parent has arrived yet.

seal-none-needed = no seal needed
seals-unequal = seals differ
seals-awaited = { $count ->
        [one] 1 seal
       *[other] { $count } seals
    } awaited
activity-form-wrong = Not opened: { $count ->
        [one] one thing
       *[other] { $count } things
    } to change. What you typed is still here.
activity-topic-wrong = Write a topic, so that others can find it.
activity-to-wrong = It ends before it begins.
sign-in-done = Signed in.
seal-done = Sealed.
seal-moved = Not sealed: something new was written meanwhile. Read it, then seal.
participants-awaited = expected

alarm-fork = A log contradicts itself
alarm-fork-todo = All nodes go on with the same branch, and everything else goes on. See whose it is and what is to be signed anew.
alarm-look = See the evidence
alarm-new-epoch = A log of this node is written no more
alarm-new-epoch-todo = A new one goes on, and everything else does. See why, and what is missing.
alarm-halted = A log is written no more
alarm-halted-todo = What is stored of it here is damaged. Ask the administrator to run lianzhan check.
alarm-document = The document of a record could not be built
alarm-document-todo = The record and its pages go on. Tell the administrator its id.
alarm-peer = A peer sent what is not valid
alarm-peer-todo = It was not accepted. The peer’s administrator should look.
alarm-witness = This node has stopped witnessing: its database is an old copy
alarm-witness-todo = The administrator runs “lianzhan witness renew”.
alarm-other = Something needs attention
alarm-other-todo = Tell the administrator.
log-halted = halted

## Checking a bundle on one's own device

verify-title = Check a bundle
verify-here = Check in the browser
verify-lead = It is checked on your own device; no file is uploaded. Once the program is here, this page sends no further request.
verify-bundle = Evidence bundle
verify-bundle-how = Drop a .tar file here, or:
verify-choose = Choose a bundle
verify-loading = Fetching the verifier…
verify-ready = Ready. From now on this page uses no network.
verify-busy = Checking…
verify-good = The bundle holds.
verify-bad = The bundle is refused.
verify-bad-say = One thing is wrong with it, so it proves nothing.
verify-long = The file is longer than { $bytes } bytes, so it is no bundle.
verify-unread = The file cannot be read. Choose it again.
verify-broken = The verifier did not arrive, or this browser cannot run it. Open the page again, or use the command line tool lianzhan-audit.
verify-stopped = The check broke off, without a verdict. There may be too little memory; use the command line tool lianzhan-audit.
verify-no-founding = This is no founding statement; the one before stays.
verify-noscript = This page needs scripts to check a bundle. The command line tool does the same:
verify-unbuilt = This node was built without the verifier for browsers.
verify-unbuilt-build = To have it, run this script and build the node again:
verify-unbuilt-tool = The command line tool checks bundles now, with the same verdict:
verify-trust = Where trust begins
verify-trust-why = Every chain of appointments ends at a founding statement. Which one to trust is your choice: compare its id with what you know from elsewhere, character by character. Its file is usually called founding.cose.
verify-source = Source
verify-own = given by this node
verify-other = chosen by you
verify-root = Founded by
verify-id = Id
verify-founding = Use one that you have kept
verify-own-again = Use this node’s again
verify-keep = Download this node’s founding statement
verify-file = File
verify-at = Checked
verify-print = Print
verify-thing = What is wrong
verify-reason = Why
verify-horizon = As of when
verify-log = Log
verify-shown = Shown up to
verify-seen = Witnessed by the required parent
verify-upto = its first % entries
verify-proved = What is proved, and what cannot be
verify-content = Content
verify-who = Who
verify-when = When (the author’s clock)
verify-witnessed = Witnessed
verify-verdict = Verdict
verify-chain = Appointed by %
verify-unwitnessed = not witnessed
verify-no-author = an author whose appointment is not shown
verify-counts = counts
verify-provisional = counts for now
verify-pending = pending
verify-contested = contested
verify-refused = does not count
verify-other-verdict = see below

marks = Times that do not fit
marks-rows = Changes
marks-what = A mark is no verdict. Look at the clock of the one who recorded it; days are counted from the first witness time.
marks-none = All times fit.
marks-ledger = Ledger
marks-doubt = What does not fit
marks-ahead = Recorded after it was witnessed
marks-behind = Witnessed a day later without it

## The first page of a fresh machine

start-name = Lianzhan
start-title = Join the network
start-title-joining = Joining
start-title-sync = { $org } is syncing
start-title-person = { $org } is in service; make the first account
start-lead = This machine holds no node yet. Paste the code that you were given by the level above, and choose a passphrase for the key of your organisation.
start-lead-begun = Joining was begun here and broke off. Type the passphrase that was chosen then, and it goes on from there.
start-lead-joining = Leave the machine on. This page keeps itself fresh.
start-step-keys = Keys are made
start-step-appointed = The level above appoints
start-step-written = The node is set up
start-step-sync = Sync
start-step-service = In service
start-code = Code of the invitation
start-code-why = begins with lianzhan-join-2.; paste the whole of it
start-passphrase = Passphrase for the key of your organisation
start-passphrase-why = { $min } characters or more. Appointing and inviting need it: keep it well
start-passphrase-begun = the one that was chosen before
start-again = The same again
start-join = Join
start-go-on = Go on
start-found = To found the top of a network, run in a terminal
start-short = The passphrase has fewer than { $min } characters. Choose a longer one.
start-differ = The two passphrases differ. Type them again.
start-no-peer = looking for the level above
start-nobody = nobody can sign in yet
start-received = { $done } of { $all } entries received
start-person = The account
start-person-why = Appointed as { $roles }. Others are appointed later.
start-person-too = The code appoints a person, too. State who below, then join.
start-person-name = Name
start-login-why = small letters and digits
start-own = Their own passphrase
start-own-why = { $min } characters or more, known to them alone
start-authority = Passphrase of the organisation
start-person-do = Appoint
start-person-now = Make the first account before the sync is through

## Inviting the node of an org below

invite-look = Invite
invite-title = Invite
invite-title-open = { $count ->
        [one] 1 invitation waits
       *[other] { $count } invitations wait
    }
invite-who = Whom to invite
invite-org = Org
invite-org-new = A new one
invite-new = A new org
invite-new-why = left empty for one that is known
invite-person = Person appointed
invite-person-why = optional; no more than this org may give
invite-role = Role
invite-role-none = Nobody
invite-seat = Level of the seat
invite-seat-none = No deputy
invite-seat-missing = A deputy has the level of a seat.
invite-name-why = optional: they state it themselves
invite-level = Level
invite-code = Division code
invite-name-zh = Chinese name
invite-name-en = English name
invite-days = Good for
invite-day = { $count ->
        [one] { $count } day
       *[other] { $count } days
    }
invite-addresses = Addresses of this node
invite-addresses-why = where the new node reaches it, one to a line
invite-addresses-missing = Give an address that the new node can reach, such as /ip4/192.0.2.1/tcp/7611.
invite-missing = This must be filled.
invite-do = Make the code
invite-why = A code is good once, and this node must be running then. Whoever has it can join in that organisation’s place: hand it over in person, or by a way that you trust.
invite-open = Open invitations
invite-none = No invitation is open.
invite-none-how = Fill in the organisation or the person, make the code, and hand it to who is to join.
invite-made = Made
invite-until = Good until
invite-expired = expired
invite-withdraw = Withdraw
invite-withdraw-whose = Withdraw the invitation of { $org }
invite-withdrawn = The invitation of { $org } is withdrawn; its code is good for nothing now.
slip-title = The code for { $org }
slip-lead = Good once, until { $until }. Once you sign out it cannot be shown again: copy or print it now.
slip-print = Print
slip-one = Start Lianzhan on the new machine and open http://127.0.0.1:7610/ in its browser.
slip-two = Paste the code, or let a hand-held scanner type it, and choose a passphrase.
slip-three = When the page says “In service”, it has joined. Destroy this slip then.
slip-person-one = At the node of that org, open the sign-in page and choose “I have a code”.
slip-person-two = Paste the code, or scan it, then choose a login and a passphrase.
slip-person-three = They sign in at once. Destroy this sheet after use.
slip-qr = QR code
slip-qr-what = The code of the invitation as a QR code, the same as the text
slip-qr-how = The same as the text. On paper it is 70 mm wide, and a hand-held scanner types it.
slip-qr-long = The code is too long for a QR code; use the text.

attachments = Attachments
attachments-count = { $count }
attachments-none = No attachments yet.
attachment-photo = Photo
attachment-video = Video
attachment-document = PDF document
attachment-file = File
attachment-alt = { $kind }, opens the whole picture
attachment-away = Not here yet
attachment-detach = Take out
attachment-detached = Taken out. The history still says that it was there.
attach-where = Where it goes
attach-personal = The person's part: encrypted, held by { $who } only
attach-shared = With the record: seen by { $who }, so no personal data
attach-file = Choose photos, videos or PDF
attach-kinds = JPEG, PNG, WebP up to 20 MiB, PDF 50 MiB, MP4, MOV 200 MiB
attach-hint = Place, time and camera are taken out of photos first; look for bystanders yourself.
attach-do = Upload and sign
attach-done = { $count ->
    [one] One attachment added.
   *[other] { $count } attachments added.
}
visit-file = Photos or PDF of letters and papers (encrypted)

## Any ledger

rail-all-ledgers = All ledgers
ledgers = Ledgers
ledgers-title = { $count ->
    [one] One ledger here; what this org keeps is complete
   *[other] { $count } ledgers here; what this org keeps is complete
}
ledgers-title-open = { $count ->
    [one] One ledger here
   *[other] { $count } ledgers here
}, { $open ->
    [one] one record lacks something
   *[other] { $open } records lack something
}
ledgers-own = Yours to write
ledgers-own-hint = Each by its definition; saving signs
ledgers-name = Ledger
ledgers-records = Records
ledgers-incomplete = Incomplete
ledgers-own-count = { $count } of this org
ledgers-lack = { $count ->
    [one] one incomplete
   *[other] { $count } incomplete
}
ledgers-complete = all complete
travels-local = Stays with the org that writes it
travels-township = Goes to the township
travels-county = Goes to the county
travels-city = Goes to the city
travels-summary = Counts that go upward
travels-notice = Goes down to all stations
travels-directory = Directory
travels-joint = Shared by several orgs
ledger-title = { $name }: { $count ->
    [one] one record
   *[other] { $count } records
}
ledger-title-open = { $name }: { $count ->
    [one] one record
   *[other] { $count } records
}, { $open } incomplete
ledger-title-many = { $name }: more than 10,000 records
ledger-title-empty = { $name }: nothing yet
ledger-empty = Nothing yet
ledger-empty-how = Press Register for the first one; half of it can be kept as a draft.
ledger-rows = Records
ledger-whole = All columns, import, print
ledger-all = All columns
ledger-few = Main columns
import = Import a table
import-title = Import a table into { $name }
import-title-reading = Reading the table
import-title-writing = Writing
import-title-read = { $count ->
    [0] No row to write
    [one] 1 row to write
   *[other] { $count } rows to write
}
import-title-written = { $count ->
    [one] 1 row written
   *[other] { $count } rows written
}
import-title-wrong = { $count ->
    [one] , 1 cell to mend
   *[other] , { $count } cells to mend
}
import-title-failed = It could not be read
import-file = The file
import-limits = .xlsx or .csv (UTF-8, GB18030), at most 64 MiB and 200,000 rows
import-read = Read it first
import-how = How it works
import-how-heads = Headings may be the Chinese or the English names of the fields; a title above and totals below do no harm.
import-how-shown = It is read and shown first: which cells to mend, which columns are not imported. Nothing is written before you say so.
import-how-again = Importing the same table again adds nothing. Of a table that was exported here, a changed cell is one change. After an interruption, import it again: it goes on where it was.
import-how-personal = Columns of { $names } go into the personal part alone, which stays below.
import-blank = Download an empty table
import-reading = { $done } of { $all } rows read
import-writing = { $done } of { $all } rows written
import-goes-on = You may leave this page; the writing goes on.
import-new = New records
import-changed = Changed
import-known = Here already, unchanged
import-skipped = Blank rows and totals
import-wrong = Cells to mend
import-columns = Columns that are imported
import-unmapped = Columns that are not
import-mend = Mend them in the table and import it again; what is written is not added twice
import-row = Row
import-cell = Cell
import-say = What to do
import-first = The first rows
import-state = Becomes
import-about = About
import-do = { $count ->
    [one] Write 1 row
   *[other] Write { $count } rows
}
import-other = Choose another file
import-more = Import another
import-see = See the ledger
import-no-file = Choose a file.
import-full = Several tables are being imported now. Come back in a few minutes.
table = Export a table
table-hint = Excel, CSV
table-form = Format
table-xlsx = Workbook .xlsx
table-csv = CSV (UTF-8)
table-gb18030 = CSV (GB18030, older office suites)
table-rows = A row of CSV is
table-records = a record
table-events = an event
table-personal = With personal details. Keep the file safe, and delete it after use.
book-name = Ledgers of the station
book-title = { $name }, { $year }, { $pages ->
    [one] 1 page
   *[other] { $pages } pages
}
book-year = Year
book-show = Show
book-print = Print
book-contents = Contents
book-count = { $count ->
    [one] 1 record
   *[other] { $count } records
}
book-list = Print as a book
book-whole = Print the book of the year
col-code = Division code
book-page = Page { $page } of { $pages }
book-of-year = { $year }
book-made = Printed { $made }, { $pages } pages
book-code = Code
book-record-code = The number of this record
book-mark-code = Checkpoint
book-sign-clerk = Entered by
book-sign-head = Head of station
book-sign-date = Date
book-stamp = Seal
book-fingerprint = Fingerprint of this page
book-says = { $count ->
    [one] 1 record
   *[other] { $count } records
} on this page. The code in each row is the record's number; of a long text the beginning is printed. Bottom left is the checkpoint, by which it can be checked whether anything was changed. This page holds no name, telephone number or address of a visitor.
book-mark = The checkpoint covers { $size } entries.
book-witnessed = Witnessed by { $org } on { $when }, up to entry { $size }.
book-empty = Nothing was entered in this year.
book-too-many = More than { $count } records, too many for one print. Print one ledger at a time, or export a table.
said-ledger = The ledger has changed
sort = Order
sort-newest = Newest first
sort-oldest = Oldest first
sort-changed = Last changed first
sort-title = By title
sort-column = By the column chosen
filter-since = { $field }: from
filter-until = { $field }: to
filter-complete = Complete
filter-incomplete = Incomplete only
filter-more = More filters
row-lacks = { $count ->
    [one] lacks one field
   *[other] lacks { $count } fields
}
entry-title = Register: { $name }
entry-title-edit = Change: { $name }
entry-travels = Kept at: { $who }
entry-must = What must be there
entry-for-complete = What makes it complete
entry-for-complete-hint = May be left empty for now
entry-rest = Other
entry-complete = to be complete
entry-nth = { $field } { $n }
entry-more = Another row: { $field }
entry-less = Take out row { $n }
entry-blank = None
entry-choose = Choose
entry-wrong = Nothing was saved: { $count ->
    [one] one field is
   *[other] { $count } fields are
} wrong. What you typed is still there.
entry-do = Register
entry-do-edit = Sign and save
entry-keep = Keep as draft
entry-kept = Draft kept, { $time }
entry-place = Where it is registered
entry-files-hint = Place, time and camera are taken out of photos before they are kept. A draft holds no files.
entry-done = Registered.
entry-same = Nothing was changed, and nothing was written.
typing = Not finished
typing-of = { $ledger }, kept { $time }
typing-drop = Delete the draft
typing-dropped = The draft was deleted.
typing-kept = The draft is kept on this machine; only you can open it, signed in.
typing-untitled = No title
named-by = Named by
named-by-more = { $count } more
record-edit = Change
entry-member = Name
entry-geo = Latitude, longitude, as 30.272111, 109.486099
entry-any = Type words of its title, or the id of a record
entry-row = if the row is filled

## Search

search = Search
search-title = Search all ledgers
search-title-none = Nothing found for “{ $words }”
search-title-found = “{ $words }”: { $count ->
    [one] one record
   *[other] { $count } records
}
search-words = Words to find
search-do = Search
search-hint = One character, two, or a whole phrase; several words apart by spaces must all stand in a record. The nearest come first, those with the words in their title before others. Personal parts (names, phones, addresses) are not searched.
search-none-hint = Try other words, or fewer. Personal parts (names, phones, addresses) are not searched.
search-all = All
search-by-ledger = By ledger
search-found = Records found
settings = Settings
settings-title-default = { $count } rules apply here, all by default
settings-title = { $count } rules apply here, { $own } of them set by this org or one above
settings-on = Date of the event
settings-look = Show for this date
settings-name = Setting
settings-value = Applies
settings-since = Since
settings-by = Stated by
settings-default = default
settings-coming = changes on { $day }
settings-unknown = { $count ->
    [one] One more setting comes from a newer version
   *[other] { $count } more settings come from a newer version
 }; they are kept and passed on, and not applied here.
setting-back = All settings
setting-now = What applies
setting-value = Value
setting-since = Valid from
setting-by = Stated by
setting-basis = Basis
setting-history = History
setting-signed = Signed by
setting-as-above = as above
setting-no-history = No org has stated it yet.
setting-edit = State another value
setting-nothing-yet = Look first; nothing is signed here
setting-mode = Who decides
setting-mode-own = This org
setting-mode-above = The org above
setting-unit = Unit
setting-day = Day of the week
setting-time = Time
setting-days-hint = A day on each line: 2027-10-01 off 国庆节, or 2027-10-09 work
setting-rows-hint = An item on each line, cells with | between them: { $columns }
setting-from = From which day on
setting-why = Basis (rule or decision)
setting-preview = See what it does
setting-leave = Leave it as it is
setting-does = What it does
setting-from-to = From { $day }: { $after }. Before: { $before }
setting-before-stays = What happened before { $day } is not touched.
setting-due = What starts on { $start } is due { $after } instead of { $before }.
setting-due-same = What starts on { $start } is due { $after } as before.
setting-works = { $day } is worked
setting-rests = { $day } is off
setting-more = { $count ->
    [one] and one day more
   *[other] and { $count } days more
 }
setting-rows = Rows added or changed: { $added }; taken away or changed: { $gone }
setting-apart = { $orgs } state their own and keep it.
setting-over = { $org } decides all the same: all levels have one rule here.
setting-until = From { $day } on this org states something else already.
setting-past = This day has passed: deadlines and figures of days since then are worked out anew.
setting-down = Once signed, everybody below has it with the next sync, without a restart.
setting-sign = Sign it
setting-do = Sign and state
setting-done = Signed; it goes down with the sync.
setting-read-only = This is stated by { $who }.
setting-who-offices = the deputies’ office or the directors’ meeting of a county or city
setting-who-townships = the deputies’ office of a county or city, or the secretary of a township or street
rail-settings = Settings

definitions = Ledgers and fields added by counties and cities
definitions-new-ledger = Add a ledger
definitions-fields-of = To which ledger
definitions-new-fields = Add fields
definitions-there = What is there
definitions-none = No ledger or field has been added yet
definitions-none-how = The deputies’ offices of county and city add them; stations fill them in from then on.
definitions-none-do = Add a ledger or fields above; once that is signed, stations can fill them in.
definitions-fields = New fields
define-title = Add a ledger
define-title-fields = Add fields to { $name }
define-put = Put it together
define-zh = Name in Chinese
define-en = Name in English
define-audience = How far it travels
define-writers = Who writes it
define-field = Field { $count }
define-label-zh = Label in Chinese
define-label-en = Label in English
define-kind = Kind
define-kind-str = a line of text
define-kind-text = text of several lines
define-kind-int = a whole number
define-kind-dec = a number with two decimals
define-kind-bool = yes or no
define-kind-date = a date
define-kind-ts = a date and time
define-kind-month = a month
define-kind-enum = a choice
define-kind-code = a division code
define-kind-blob = attachments
define-options = Choices
define-options-hint = as 旱井/dry; 出水井/wet
define-need = When it must be there
define-need-optional = may stay empty
define-need-complete = to be complete
define-need-required = to be saved
define-see = Who may see it
define-see-internal = internal
define-see-public = may be published
define-more = More fields
define-preview = See the form
define-comes-to = The form that it comes to
define-about = Added fields hold no personal data: names and phones stand in the personal part of a visit alone. Look at the form first, then sign.
define-sign = Sign it
define-down = Once signed, stations below have it with the next sync, without a restart; nodes of an older version keep it and pass it on.
define-do = Sign and send down
define-done = Signed; it goes down to the stations with the sync.
definitions-short = Added ledgers and fields

## Personal data

access-title = Who opened personal data
access-what = What was shown or exported is noted at this node, given up when its time is over, and sent nowhere.
access-own = Only what you opened yourself is listed.
access-rows = Accesses
access-none-how = Whoever opens personal data on the page of a record, and states what for, is listed here.
access-none = Nobody has opened any yet
access-at = Time
access-who = Name
access-record = Record
access-way = How
access-purpose = What for
access-since = From
access-until = To
access-gone = a record that was erased
retention-title-none = Nothing is due
retention-title = { $count ->
    [one] 1 item is due
   *[other] { $count } items are due
}
retention-title-locked = { $count ->
    [one] Personal data of 1 record is due, but the law still forbids to erase it
   *[other] Personal data of { $count } records is due, but the law still forbids to erase it
}
retention-due = What is due
retention-none = Nothing is due.
retention-none-how = Once the terms below have passed since the visitor was told, the assistance ended, a photo came, a term of office ended or a dossier was closed, it is listed here.
retention-record = Record
retention-rule = By which rule
retention-ended = Ended
retention-since = Due since
retention-do = To do
retention-locked = locked until { $until }
retention-erase = Erase
retention-more = { $count ->
    [one] 1 more is listed once these are done.
   *[other] { $count } more are listed once these are done.
}
retention-rules = How long what is kept
retention-data = What
retention-keep = How long
retention-then = Then
retention-then-erase = listed here, and erased by a signature
retention-then-given-up = given up by the node itself
retention-then-paper = destroyed by hand, with a record
retention-then-take-out = listed here, and taken out on the record's page; what was checked stays
retention-then-seal = listed here, and sealed into the archive
retention-then-sum-up = listed here; counted, and then erased by a signature
held-link = To be checked
held-title-none = Nothing is to be checked
held-title = { $count ->
    [one] 1 record is to be checked
   *[other] { $count } records are to be checked
}
held-what = These words are signed already, and were found to look like personal data since: an earlier version wrote them, or a name came onto the roster later. A signed log leaves nothing out, so they have gone or go with it; they are in no table, bundle or document until they are cleared, or the record is erased and entered again.
held-none-how = What was signed and is later found to look like personal data will stand here, to be cleared, changed or erased.
held-back = See what is due to be erased
held-do = Sign that it may stand
held-erase = Erase the record
held-done = Signed and cleared.
held-no-note = Nothing was cleared: say why it may stand.
held-more = There are more; they are listed once these are done.

# Changes of orgs
org-changes = Changes of orgs
org-changes-title = { $count ->
    [one] { $count } change of an org
   *[other] { $count } changes of orgs
}
org-changes-title-none = No org has changed
org-changes-how = Mergers, splits and moves are stated by an org above all of them. Old records stay where they are; lists, search and counts follow the successors and say what an org was formerly.
org-changes-rows = Changes
org-changes-none = No org was merged, split or moved yet.
org-changes-none-may = {" "}When one is, press “State a change of an org”.
org-change-new = State a change of an org
org-change-kind = Kind of change
org-change-merge = Merger
org-change-split = Split
org-change-move = Move
org-change-ask = What changes
org-change-org = Which org
org-change-parent = New parent
org-change-into = Merged into
org-change-parts = Split into
org-change-parts-hint = two or more; a new org is invited first
org-change-parts-few = Choose two orgs or more; where there is one, it is a merger.
org-change-itself = An org does not succeed itself; choose another.
org-change-renamed = Names and division code
org-change-renamed-hint = as before where left empty
org-change-code = New division code
org-change-name-zh = New Chinese name
org-change-name-en = New English name
org-change-from = In force from
org-change-day = Give a day, such as 2027-01-01.
org-change-words = Decision
org-change-words-hint = which document or resolution; everybody can read it
org-change-words-missing = Say by which document or resolution.
org-change-choose = Choose an org.
org-change-hands = Old records that are handed over
org-change-hands-hint = by default they stay with those who hold them
org-change-hands-wrong = That cannot be handed over; choose again.
org-change-leave = Change nothing
org-change-choice = { $org } ({ $parent })
org-change-what = Change
org-change-signed = Signed
org-change-standing = Standing
org-change-stands = stands
org-change-pending = waits for more
org-change-refused = does not stand
org-change-says-move = { $org } moved from { $from } to { $to }
org-change-says-along = { $org } changed along with { $parent }
org-change-says-merge = { $org } was merged into { $into }
org-change-says-split = { $org } was split into { $into }
org-change-says-renamed = { $said }, now called { $name }
org-change-does-records = { $count ->
    [one] { $count } record of it is here and stays where it is.
   *[other] { $count } records of it are here and stay where they are.
}
org-change-does-merge = Lists, search and counts have them under { $into } from then on, with the note “formerly { $org }”.
org-change-does-split = They stay under { $org }, with the note what it was split into; filters go on offering it.
org-change-does-move = They stay its own, with the name that it had; later records go into new spaces.
org-change-does-unwitnessed = { $count ->
    [one] { $count } of them is not wholly witnessed: what arrives after the change must be adopted here. Let the org sync first.
   *[other] { $count } of them are not wholly witnessed: what arrives after the change must be adopted here. Let the org sync first.
}
org-change-does-keeps = { $count ->
    [one] { $count } appointment by its former parent goes on standing.
   *[other] { $count } appointments by its former parent go on standing.
}
org-change-does-node = Then add the new parent’s address to the configuration of that org.
org-change-does-ends = Then the org registers nothing more; matters under way are registered anew by its successors, or adopted here.
org-change-does-later = Fill it in and press “See what follows”: then this lists which records and spaces there are and who holds them.
org-change-along = Orgs below that change along
org-change-along-more = and { $count } more
org-change-spaces = Spaces that close
org-change-space-records = { $count ->
    [one] { $count } record
   *[other] { $count } records
}
org-change-holders = Old records stay with: { $who }
org-change-next = From then on held by: { $who }
org-change-handed = old records are handed over
org-change-sign = Sign the change
org-change-final = A change of an org cannot be taken back. A wrong one is mended by another change.
org-change-done = Signed. The old spaces are closed, and lists follow the successors.

office-formerly = formerly { $org }
office-now = now { $org }
office-career = Career
office-term = { $when } { $post }
org-ended-merged = merged into { $into }
org-ended-split = split into { $into }

# Joint spaces

joint-spaces = Joint spaces
joint-title = { $count ->
    [one] One joint space
   *[other] { $count } joint spaces
}
joint-title-none = No joint space yet
joint-how = What several orgs write together stands here (joint supervision, project groups, joint activities); each of them may write.
joint-none = There is no joint space here yet.
joint-none-ask = {" "}Ask the administrator or the head of the station to open one.
joint-orgs = Orgs
joint-year = Year
joint-travel = Up to
joint-owner = Opened by
joint-id = Id
joint-new = Open a joint space
joint-with = With which orgs
joint-travel-to = Up to which level above them
joint-preview = First see who holds it
joint-does = Who holds it
joint-does-later = Choose the orgs and press “First see who holds it”: who would hold it, and which ledgers may stand there, is listed here.
joint-does-orgs = These orgs hold it together, and each may write: { $who }.
joint-does-above = These above them hold it, too: { $who }.
joint-does-no-above = Nobody else above them holds it.
joint-does-books = Ledgers that may stand there: { $names }.
joint-does-for-ever = Who holds it never changes; with another org there is another space.
joint-sign = Open it
joint-done = The joint space is open; the orgs have it with their next sync.
joint-lacking = This ledger is written by several orgs together and stands in joint spaces alone; there is none yet that you may write into.
joint-see = See joint spaces
import-space = Where the rows go
import-space-own = This org
import-space-joint = { $who } ({ $year })
