"""Words that the seeded rows are made of."""

from __future__ import annotations

from datetime import UTC, datetime

# All seeded times are counted from here, so that two runs give the same rows.
SEEDED_NOW = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)

FIRST_NAMES = (
    "Ada", "Björn", "Chloé", "Dmitri", "Élodie", "Fatima", "Grace", "Hiroshi", "Ingrid", "João", "Kofi",
    "Łukasz", "Mei", "Nadia", "Óscar", "Priya", "Quentin", "Renée", "Søren", "Tomáš", "Ursula", "Văn",
    "Wanjiru", "Ximena", "Yusuf", "Zoë", "Αλέξανδρος", "Светлана", "美咲",
)  # fmt: skip
LAST_NAMES = (
    "Andersson", "Böhm", "Castillo", "Đặng", "Eriksen", "Fernández", "Głowacki", "Hughes", "Ivanova",
    "Jørgensen", "Kowalska", "Lefèvre", "Müller", "Nakamura", "O’Brien", "Pereira", "Quist", "Rossi",
    "Sánchez", "Tanaka", "Ünal", "Vasquez", "Weiß", "Xu", "Yılmaz", "Zhang", "Παπαδόπουλος",
)  # fmt: skip
ORGANIZATIONS = (
    "Nordlicht Energie", "Café Réunion", "Atlas Freight", "Blue Heron Clinics", "Çınar Tekstil",
    "Delta Rail", "Évora Vinhos", "Fjord Seafood", "Granite & Sons", "Hōshi Robotics",
)  # fmt: skip
PRODUCTS = (
    "Atlas Mail", "Beacon", "Cirrus Drive", "Dockyard", "Ember Pay", "Fieldbook", "Gantry", "Harbor VPN",
    "Ironbark", "Juniper Desk", "Kestrel", "Lumen",
)  # fmt: skip
REGIONS = ("Baltic", "Île-de-France", "Kansai", "Midlands", "Paraná", "Zürich")
JOB_TITLES = ("Office manager", "IT lead", "Accountant", "Site engineer", "Buyer", "")
TIME_ZONES = ("UTC", "Europe/Berlin", "Asia/Tokyo", "America/Sao_Paulo")
TAGS = (
    "access", "backup", "billing", "browser", "calendar", "contracts", "email", "export", "hardware",
    "import", "invoices", "login", "mobile", "network", "onboarding", "outage", "permissions", "printing",
    "reports", "security", "sync", "telephony", "training", "updates",
)  # fmt: skip
CATEGORIES = ("Account", "Billing", "Field visit", "Hardware", "Network", "Other", "Security", "Software")
PERMISSIONS = (
    ("articles-publish", "Publish articles"),
    ("articles-write", "Write articles"),
    ("billing-view", "See invoices"),
    ("integrations-manage", "Manage integrations"),
    ("members-invite", "Invite members"),
    ("reports-export", "Export reports"),
    ("rules-manage", "Manage automation rules"),
    ("security-review", "Review security events"),
    ("tickets-assign", "Assign tickets"),
    ("tickets-close", "Close tickets"),
    ("tickets-create", "Create tickets"),
    ("work-orders-plan", "Plan work orders"),
)
# What a ticket says: its subject and the first message.
TICKETS = (
    ("Cannot sign in to {}", "Since this morning {} rejects my password. I reset it twice, with the same result."),
    ("{} shows last month’s figures", "The overview in {} stopped at the end of the month. New entries do not appear."),
    ("Invoice for {} is wrong", "We were billed for 40 seats of {}, but we cancelled 12 of them in the spring."),
    ("{} is slow after the update", "Opening any list in {} takes half a minute since the update. The team waits."),
    ("Please add three seats to {}", "Three colleagues start on Monday and need access to {}. Names are attached."),
    ("Export from {} stops at 1,000 rows", "The export from {} ends after 1,000 rows without any message."),
    ("Phone app of {} does not sync", "The app of {} shows “waiting” for hours; on the web all is there."),
    ("How do we share a folder in {}?", "We would like to share one folder of {} with a supplier, read only."),
    ("Printer disappears from {}", "After each restart the label printer is missing in {}. Adding it again helps."),
    ("Security warning when opening {}", "The browser warns about the certificate of {}. Is it safe to go on?"),
)
COMMENTS = (
    "Thank you for the report. I can see the same here and am looking into it.",
    "Could you send me a screenshot, and the time when it happened?",
    "It happened again at noon. Nobody else in the office has the problem.",
    "I have passed this on to the platform team; they expect a fix this week.",
    "A restart of the service helped. Please try once more.",
    "Works again, merci beaucoup!",
    "We still see it on two machines, both with the old version.",
    "I called the customer and agreed on a visit on Thursday.",
    "The limit was set per seat. I raised it for the whole organization.",
    "Danke! Das Ticket kann geschlossen werden.",
)
FILE_NAMES = ("screenshot.png", "Rechnung März.pdf", "export.csv", "console log.txt", "スクリーン.png")
FEEDBACK = ("Quick and friendly.", "It took three mails to be understood.", "", "Solved within the hour — great!", "")
ARTICLES = (
    (
        "Reset your password in {}",
        "What to do when {} does not let you in any more.",
        "Open the sign-in page of {0} and choose “Forgot password”. We send a link to the address that your"
        " account was created with; it is valid for one hour.\n\nIf no mail arrives, look into the spam"
        " folder first. Accounts with single sign-on have no password in {0}: ask your administrator.",
    ),
    (
        "Invite colleagues to {}",
        "Add people to {} and choose what they may do.",
        "Administrators of {0} find “Members” in the settings. Enter one address per line and choose a role."
        "\n\nEach invitation takes a seat as soon as it is accepted, and can be withdrawn until then.",
    ),
    (
        "Export your data from {}",
        "Take everything out of {}, as a spreadsheet or by API.",
        "Every list in {0} has an “Export” button. Up to 10,000 rows download at once; larger exports are"
        " prepared in the background and arrive by mail.\n\nTimes in exports are in UTC.",
    ),
    (
        "Connect {} to your calendar",
        "See visits and deadlines from {} where you plan your day.",
        "In your profile in {0}, copy the calendar address and add it to your calendar as a subscription."
        "\n\nChanges appear within fifteen minutes. The address is secret: replace it if you shared it.",
    ),
    (
        "Understand your invoice for {}",
        "How seats, credits and taxes of {} add up.",
        "An invoice for {0} counts the seats that were in use on the first of the month. Seats added later"
        " are billed by the day.\n\nCredits are used up before anything is charged.",
    ),
    (
        "Use {} on your phone",
        "Install the app of {}, and work without a connection.",
        "The app of {0} keeps the last thirty days on the phone. What you write without a connection is"
        " sent when there is one; a grey cloud marks what still waits.\n\nSign out to remove all of it.",
    ),
)
METRICS = (
    ("First response time", "min"),
    ("Resolution time", "h"),
    ("Tickets per agent", ""),
    ("Customer satisfaction", "%"),
    ("Backlog", "tickets"),
    ("Reopened tickets", "%"),
)
AI_MODELS = ("Ticket router", "Sentiment", "Priority guess", "Language detector", "Duplicate finder", "Reply draft")
LABELS = ("billing", "bug", "how-to", "outage", "praise", "spam")
INTEGRATIONS = ("Slack bridge", "Jira sync", "CRM contacts", "Payroll export", "SMS gateway", "Status page")
RULES = ("Route urgent tickets", "Thank for feedback", "Escalate SLA breach", "Close silent tickets", "Tag invoices")
STEPS = ("Check conditions", "Assign agent", "Send mail", "Call webhook", "Update ticket")
WORK_ORDERS = (
    "Replace router", "Install label printer", "Inspect server room", "Lay network cable", "Mount access points",
    "Swap UPS battery",
)  # fmt: skip
MESSAGES = (
    "Good morning! Is the visit tomorrow still on?",
    "Yes, the technician arrives between 9 and 11.",
    "Perfect. The entrance is at the back, über den Hof.",
    "I have sent you the invoice again.",
    "Received, thank you.",
    "May we move the call to the afternoon?",
)
AUDIT_ACTIONS = ("Recorded", "Rule checked", "User notified", "Session ended", "Closed by reviewer")
