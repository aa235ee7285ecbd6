"""What a notebook puts on the page: text, figures and tables that carry their language.

Every output made here has `metadata["hwlib"]`, by which the report filters languages. What else a
notebook prints (progress, representations) has none and stays out of reports.
"""

from hwlib.show.cells import to_html as to_html
from hwlib.show.cells import to_markdown as to_markdown
from hwlib.show.page import figure as figure
from hwlib.show.page import is_batch as is_batch
from hwlib.show.page import progress as progress
from hwlib.show.page import sentences as sentences
from hwlib.show.page import setup as setup
from hwlib.show.page import source as source
from hwlib.show.page import table as table
from hwlib.show.page import text as text
from hwlib.show.sliders import Track as Track
from hwlib.show.sliders import slider as slider
from hwlib.show.tables import acgan_tables as acgan_tables
from hwlib.show.tables import kl_tables as kl_tables
from hwlib.show.tables import layer_tables as layer_tables
from hwlib.show.tables import ledger as ledger
from hwlib.show.tables import prior_tables as prior_tables
from hwlib.show.tables import today_tables as today_tables
from hwlib.show.verdicts import claims as claims
from hwlib.show.verdicts import claims_runs as claims_runs
from hwlib.show.verdicts import claims_tables as claims_tables
