"""Every face, by name."""

from trunkline.faces.base import FaceSpec
from trunkline.faces.keyplex.face import SPEC as KEYPLEX
from trunkline.faces.native.face import SPEC as NATIVE
from trunkline.faces.plexor.face import SPEC as PLEXOR
from trunkline.faces.plutosai.face import SPEC as PLUTOSAI
from trunkline.kernel.registry import Registry

FACES: Registry[FaceSpec] = Registry([NATIVE, PLEXOR, KEYPLEX, PLUTOSAI])
