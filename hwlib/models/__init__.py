"""What the recipes' networks share."""

from hwlib.models.gan import CodeReader as CodeReader
from hwlib.models.gan import Discriminator as Discriminator
from hwlib.models.gan import Generator as Generator
from hwlib.models.gan import Heads as Heads
from hwlib.models.gan import Join as Join
from hwlib.models.gan import JoinEmbedding as JoinEmbedding
from hwlib.models.gan import JoinOneHot as JoinOneHot
from hwlib.models.gan import JoinValues as JoinValues
from hwlib.models.gan import dcgan_generator as dcgan_generator
from hwlib.models.gan import dcgan_trunk as dcgan_trunk
from hwlib.models.layers import Upsample as Upsample
from hwlib.models.layers import down as down
from hwlib.models.layers import init_dcgan as init_dcgan
from hwlib.models.layers import init_glorot as init_glorot
from hwlib.models.layers import remove_batch_norm as remove_batch_norm
from hwlib.models.layers import scale as scale
from hwlib.models.layers import squash as squash
from hwlib.models.layers import up as up
from hwlib.models.vae import VAE as VAE
