"""Signatures that libraries differ about, with the verdict of the ledger's rule: what `library_check` asks of them.

Facts from public collections: `wycheproof` is C2SP/wycheproof (`ed25519_test` and `ecdsa_secp256r1_sha256_p1363_test`), `cctv`
C2SP/CCTV (`ed25519vectors`), `speccheck` novifinancial/ed25519-speccheck.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Vector(NamedTuple):
    """A signature and whether it is valid; the bytes in hexadecimal, the key with its scheme's byte."""

    valid: bool
    what: str
    source: str
    key: str
    message: str
    signature: str


VECTORS: Final = (
    Vector(
        True,
        "RFC 8032, test 2",
        "wycheproof/81",
        "013d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    Vector(
        True,
        "S just below L",
        "wycheproof/84",
        "01100fdf47fb94f1536a4f7c3fda27383fa03375a8f527c537e6f1703c47f94f86",
        "124e583f8b8eca58bb29c271b41d36986bbc45541f8e51f9cb0133eca447601e",
        "dac119d6ca87fc59ae611c157048f4d4fc932a149dbe20ec6effd1436abf83ea"
        "05c7df0fef06147241259113909bc71bd3c53ba4464ffcad3c0968f2ffffff0f",
    ),
    Vector(
        True,
        "A of mixed order",
        "cctv/182",
        "01dd1483c5304d412c1f29547640a5c2950222ee8931b7ed1c72602b7afa7024e0",
        "65643235353139766563746f7273203134",
        "b62cf890de42c413b11b1411c9f01f1c4d77aa87ef182258d1251f69af2a3506"
        "3cb743a485cffaa684d0d66a5ae347d17a5638e90dc2be541023114a5961f805",
    ),
    Vector(
        True,
        "A and R of mixed order",
        "cctv/117",
        "0110eb7c3acfb2bed3e0d6ab89bf5a3d6afddd1176ce4812e38d9fd485058fdb1f",
        "65643235353139766563746f72732034",
        "37d3076f21bd3bec4ee4ebee360fe0e3b288557810e7dda72edae09650d5caf9"
        "ecf8dc78bf5c647c714a00acf11719551952b488c2c9df967c7d48b479420e0e",
    ),
    Vector(
        True,
        "A and R of mixed order",
        "speccheck/3",
        "01cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f"
        "87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
    ),
    Vector(
        False,
        "S just above L",
        "wycheproof/85",
        "01100fdf47fb94f1536a4f7c3fda27383fa03375a8f527c537e6f1703c47f94f86",
        "6a0bc2b0057cedfc0fa2e3f7f7d39279b30f454a69dfd1117c758d86b19d85e0",
        "0971f86d2c9c78582524a103cb9cf949522ae528f8054dc20107d999be673ff4"
        "e25ebf2f2928766b1248bec6e91697775f8446639ede46ad4df4053000000010",
    ),
    Vector(
        False,
        "S + L",
        "wycheproof/63",
        "017d4d0e7f6153a69b6242b522abbee685fda4420f8834b108c3bdae369ef549fa",
        "54657374",
        "7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab0"
        "67654bce3832c2d76f8f6f5dafc08d9339d4eef676573336a5c51eb6f946b31d",
    ),
    Vector(
        False,
        "S much above L",
        "speccheck/7",
        "01442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa1942"
        "7e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
    ),
    Vector(
        False,
        "holds with cofactor only",
        "speccheck/4",
        "01cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512"
        "5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
    ),
    Vector(
        False,
        "holds with cofactor only, before h is reduced",
        "speccheck/5",
        "01cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7"
        "e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
    ),
    Vector(
        False,
        "holds with cofactor only, A of the large group",
        "cctv/267",
        "01ef75b20e7540e3dff77404193652ba2bd13df99c1508eee1515e27ae25f28076",
        "65643235353139766563746f72732033",
        "36684ea91032ba5b1dbab2d02f4debc74c3327f2b3802e2e4d371aa42b12b56b"
        "2d471882773a677af1e3824e757a33f8ddf7bbeaf3d28a09595eb8daa0d74a03",
    ),
    Vector(
        False,
        "A and R of small order",
        "speccheck/0",
        "01c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
        "0000000000000000000000000000000000000000000000000000000000000000",
    ),
    Vector(
        False,
        "A of order 1",
        "cctv/303",
        "010100000000000000000000000000000000000000000000000000000000000000",
        "65643235353139766563746f72732035",
        "b62cf890de42c413b11b1411c9f01f1c4d77aa87ef182258d1251f69af2a3506"
        "05ba9a796274d80437afa36f1236563f2f3b0aa84cecddc3d20914615ba4fe02",
    ),
    Vector(
        False,
        "A of order 2",
        "cctv/828",
        "01ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "65643235353139766563746f7273203134",
        "b62cf890de42c413b11b1411c9f01f1c4d77aa87ef182258d1251f69af2a3506"
        "05ba9a796274d80437afa36f1236563f2f3b0aa84cecddc3d20914615ba4fe02",
    ),
    Vector(
        False,
        "A of order 4",
        "cctv/3",
        "010000000000000000000000000000000000000000000000000000000000000000",
        "65643235353139766563746f72732033",
        "36684ea91032ba5b1dbab2d02f4debc74c3327f2b3802e2e4d371aa42b12b56b"
        "05ba9a796274d80437afa36f1236563f2f3b0aa84cecddc3d20914615ba4fe02",
    ),
    Vector(
        False,
        "A of order 8",
        "cctv/407",
        "0126e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "65643235353139766563746f72732039",
        "36684ea91032ba5b1dbab2d02f4debc74c3327f2b3802e2e4d371aa42b12b56b"
        "05ba9a796274d80437afa36f1236563f2f3b0aa84cecddc3d20914615ba4fe02",
    ),
    Vector(
        False,
        "A not canonical, y = p",
        "cctv/11",
        "01edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "65643235353139766563746f7273",
        "36684ea91032ba5b1dbab2d02f4debc74c3327f2b3802e2e4d371aa42b12b56b"
        "05ba9a796274d80437afa36f1236563f2f3b0aa84cecddc3d20914615ba4fe02",
    ),
    Vector(
        False,
        "A not canonical, y = p + 1",
        "cctv/310",
        "01eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "65643235353139766563746f72732031",
        "b62cf890de42c413b11b1411c9f01f1c4d77aa87ef182258d1251f69af2a3506"
        "05ba9a796274d80437afa36f1236563f2f3b0aa84cecddc3d20914615ba4fe02",
    ),
    Vector(
        False,
        "A not canonical, x = -0",
        "cctv/307",
        "010100000000000000000000000000000000000000000000000000000000000080",
        "65643235353139766563746f72732031",
        "b62cf890de42c413b11b1411c9f01f1c4d77aa87ef182258d1251f69af2a3506"
        "05ba9a796274d80437afa36f1236563f2f3b0aa84cecddc3d20914615ba4fe02",
    ),
    Vector(
        False,
        "R of order 1",
        "cctv/48",
        "0110eb7c3acfb2bed3e0d6ab89bf5a3d6afddd1176ce4812e38d9fd485058fdb1f",
        "65643235353139766563746f7273203133",
        "0100000000000000000000000000000000000000000000000000000000000000"
        "edfd6f478b59eab2545cf8f3d48c6574d2b4e8abd948148da5c62479113b8d0f",
    ),
    Vector(
        False,
        "R of order 8",
        "cctv/487",
        "016718d0a3d58deaeaefa655eae3f119071deaa2cfebfd0ca28b670f879d657086",
        "65643235353139766563746f7273203431",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"
        "8fb5bb6032e801fdce885ff4f83560b6f56e66d3d9ad3a33eb9280190b2c670a",
    ),
    Vector(
        False,
        "R not canonical, y = p + 1",
        "cctv/66",
        "0110eb7c3acfb2bed3e0d6ab89bf5a3d6afddd1176ce4812e38d9fd485058fdb1f",
        "65643235353139766563746f72732031",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
        "97f5fc03f658b5b733cf20c4ea5577e8e5988ee90cb2a3c919c2a05dd2fcde04",
    ),
    Vector(
        False,
        "R not canonical",
        "speccheck/9",
        "01f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "ca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908",
    ),
    Vector(
        False,
        "another message",
        "wycheproof/81, altered",
        "013d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "73",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    Vector(
        False,
        "A no point of the curve",
        "own",
        "010200000000000000000000000000000000000000000000000000000000000000",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    Vector(
        True,
        "P-256",
        "wycheproof/1",
        "02022927b10512bae3eddcfe467828128bad2903269919f7086069c8c4df6c732838",
        "313233343030",
        "2ba3a8be6b94d5ec80a6d9d1190a436effe50d85a1eee859b8cc6af9bd5c2e18"
        "4cd60b855d442f5b3c7b11eb6c4e0ae7525fe710fab9aa7c77a67f79e6fadd76",
    ),
    Vector(
        False,
        "P-256, the high s",
        "wycheproof/1, altered",
        "02022927b10512bae3eddcfe467828128bad2903269919f7086069c8c4df6c732838",
        "313233343030",
        "2ba3a8be6b94d5ec80a6d9d1190a436effe50d85a1eee859b8cc6af9bd5c2e18"
        "b329f479a2bbd0a5c384ee1493b1f5186a87139cac5df4087c134b49156847db",
    ),
    Vector(
        False,
        "P-256, another message",
        "wycheproof/1, altered",
        "02022927b10512bae3eddcfe467828128bad2903269919f7086069c8c4df6c732838",
        "31323334303000",
        "2ba3a8be6b94d5ec80a6d9d1190a436effe50d85a1eee859b8cc6af9bd5c2e18"
        "4cd60b855d442f5b3c7b11eb6c4e0ae7525fe710fab9aa7c77a67f79e6fadd76",
    ),
)
