"""What a run bears out: numbers and flags in, findings out; their words lie in report/text/."""

from hwlib.findings import acgan as acgan
from hwlib.findings import claims as claims
from hwlib.findings import disentangle as disentangle
from hwlib.findings import gan as gan
from hwlib.findings import infogan as infogan
from hwlib.findings import kl as kl
from hwlib.findings import losses as losses
from hwlib.findings import samples as samples
from hwlib.findings import setup as setup
from hwlib.findings import summary as summary
from hwlib.findings import today as today
from hwlib.findings import vae as vae
