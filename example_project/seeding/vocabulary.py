"""Words that the seeded rows are made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

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


class TicketText(NamedTuple):
    """What a customer writes, and how the desk files it; `{}` stands for a product."""

    subject: str
    description: str
    category: str
    tags: tuple[str, ...]


class ArticleText(NamedTuple):
    """An article and how it is filed; `{0}` stands for a product."""

    title: str
    summary: str
    body: str
    tags: tuple[str, ...]


TICKETS = (
    TicketText(
        "Cannot sign in to {}",
        "Since this morning {} rejects my password. I reset it twice, with the same result.",
        "Account",
        ("login", "access"),
    ),
    TicketText(
        "{} shows last month’s figures",
        "The overview in {} stopped at the end of the month. New entries do not appear.",
        "Software",
        ("reports",),
    ),
    TicketText(
        "Invoice for {} is wrong",
        "We were billed for 40 seats of {}, but we cancelled 12 of them in the spring.",
        "Billing",
        ("billing", "invoices"),
    ),
    TicketText(
        "{} is slow after the update",
        "Opening any list in {} takes half a minute since the update. The team waits.",
        "Software",
        ("updates", "outage"),
    ),
    TicketText(
        "Please add three seats to {}",
        "Three colleagues start on Monday and need access to {}. Names are attached.",
        "Account",
        ("access", "onboarding"),
    ),
    TicketText(
        "Export from {} stops at 1,000 rows",
        "The export from {} ends after 1,000 rows without any message.",
        "Software",
        ("export", "reports"),
    ),
    TicketText(
        "Phone app of {} does not sync",
        "The app of {} shows “waiting” for hours; on the web all is there.",
        "Software",
        ("mobile", "sync"),
    ),
    TicketText(
        "How do we share a folder in {}?",
        "We would like to share one folder of {} with a supplier, read only.",
        "Account",
        ("permissions", "access"),
    ),
    TicketText(
        "Printer disappears from {}",
        "After each restart the label printer is missing in {}. Adding it again helps.",
        "Hardware",
        ("printing", "hardware"),
    ),
    TicketText(
        "Security warning when opening {}",
        "The browser warns about the certificate of {}. Is it safe to go on?",
        "Security",
        ("security", "browser"),
    ),
)
AGENT_COMMENTS = (
    "Thank you for the report. I can see the same here and am looking into it.",
    "Could you send me a screenshot, and the time when it happened?",
    "I have passed this on to the platform team; they expect a fix this week.",
    "We changed a setting on our side. Please try once more.",
    "I called the office and agreed on a visit on Thursday.",
    "This is corrected now. Sorry for the trouble!",
)
CUSTOMER_COMMENTS = (
    "It happened again at noon. Nobody else in the office has the problem.",
    "Works again, merci beaucoup!",
    "We still see it on two machines, both with the old version.",
    "I have attached what I see. 詳細は添付をご覧ください。",
    "Danke! Das Ticket kann geschlossen werden.",
)
FILE_NAMES = ("screenshot.png", "Rechnung März.pdf", "export.csv", "console log.txt", "スクリーン.png")
FEEDBACK = (
    "Quick and friendly.",
    "It took three mails to be understood.",
    "",
    "Solved within the hour — great!",
    "",
)
ARTICLES = (
    ArticleText(
        "Reset your password in {}",
        "What to do when {} does not let you in any more.",
        "Open the sign-in page of {0} and choose “Forgot password”. We send a link to the address that your"
        " account was created with; it is valid for one hour.\n\nIf no mail arrives, look into the spam"
        " folder first. Accounts with single sign-on have no password in {0}: ask your administrator.",
        ("login", "access"),
    ),
    ArticleText(
        "Invite colleagues to {}",
        "Add people to {} and choose what they may do.",
        "Administrators of {0} find “Members” in the settings. Enter one address per line and choose a role."
        "\n\nEach invitation takes a seat as soon as it is accepted, and can be withdrawn until then.",
        ("onboarding", "access"),
    ),
    ArticleText(
        "Export your data from {}",
        "Take everything out of {}, as a spreadsheet or by API.",
        "Every list in {0} has an “Export” button. Up to 10,000 rows download at once; larger exports are"
        " prepared in the background and arrive by mail.\n\nTimes in exports are in UTC.",
        ("export", "reports"),
    ),
    ArticleText(
        "Connect {} to your calendar",
        "See visits and deadlines from {} where you plan your day.",
        "In your profile in {0}, copy the calendar address and add it to your calendar as a subscription."
        "\n\nChanges appear within fifteen minutes. The address is secret: replace it if you shared it.",
        ("calendar", "sync"),
    ),
    ArticleText(
        "Understand your invoice for {}",
        "How seats, credits and taxes of {} add up.",
        "An invoice for {0} counts the seats that were in use on the first of the month. Seats added later"
        " are billed by the day.\n\nCredits are used up before anything is charged.",
        ("billing", "invoices"),
    ),
    ArticleText(
        "Use {} on your phone",
        "Install the app of {}, and work without a connection.",
        "The app of {0} keeps the last thirty days on the phone. What you write without a connection is"
        " sent when there is one; a grey cloud marks what still waits.\n\nSign out to remove all of it.",
        ("mobile", "sync"),
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
AI_MODELS = (
    "Ticket router",
    "Sentiment",
    "Priority guess",
    "Language detector",
    "Duplicate finder",
    "Reply draft",
)
LABELS = ("billing", "bug", "how-to", "outage", "praise", "spam")
INTEGRATIONS = ("Slack bridge", "Jira sync", "CRM contacts", "Payroll export", "SMS gateway", "Status page")
RULES = (
    "Route urgent tickets",
    "Thank for feedback",
    "Escalate SLA breach",
    "Close silent tickets",
    "Tag invoices",
)
STEPS = ("Check conditions", "Assign agent", "Send mail", "Call webhook", "Update ticket")
WORK_ORDERS = (
    "Replace router", "Install label printer", "Inspect server room", "Lay network cable",
    "Mount access points", "Swap UPS battery",
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
