"""Two hundred URLs that lead where no webhook may go, or that parsers have disagreed about."""

from collections.abc import Sequence

# {port} is the canary's. Names resolve to whatever the test's resolver says: to the canary.
_LOOPBACK_SPELLINGS = (
    "127.0.0.1 127.1 127.0.1 127.0.0.2 127.255.255.254 2130706433 017700000001 0x7f000001 0x7F.1"
    " 0177.0.0.1 0177.0.0.01 0x7f.0x0.0x0.0x1 127.0x1 127.0.0x1 00000177.1 0x7f.00000001"
    " 127.0.0.1. 127.1. 2130706433. 0 0.0.0.0 0x0 00 0.0 0.0.0 1 256 4294967295 4294967296"
    " 127.0.0.1.0 127..0.1 .127.0.0.1 127.0.0.1.. 0x 0x7f000001. 1.0x 127.0.0.1%00"
    " 127.0.0.1%2f 127%2e0%2e0%2e1 %31%32%37.0.0.1 %6c%6f%63%61%6c%68%6f%73%74"
)
_PRIVATE = (
    "10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 192.168.255.255 169.254.169.254"
    " 169.254.170.2 100.64.0.1 100.100.100.200 100.127.255.255 192.0.0.1 192.0.0.8 192.0.0.9"
    " 192.0.0.170 192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255 198.51.100.1"
    " 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 168.63.129.16.0 2852039166"
    " 0xa9fea9fe 0251.0376.0251.0376 169.254.43518 3232235521 167772161"
)
_SIX = (
    "::1 :: 0:0:0:0:0:0:0:1 0000:0000:0000:0000:0000:0000:0000:0001 ::0001 0::1 ::0.0.0.1"
    " ::127.0.0.1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::FFFF:7F00:0001 0:0:0:0:0:ffff:127.0.0.1"
    " ::ffff:0:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:a9fe:a9fe ::ffff:8.8.8.8"
    " 64:ff9b::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::7f00:1 64:ff9b::8.8.8.8"
    " 2002:7f00:1:: 2002:a9fe:a9fe:: 2002:c0a8:1:: 2001::1 2001:0:7f00:1:: 2001:db8::1 2001:10::1"
    " 2001:20::1 3fff::1 fe80::1 fe80::1%25eth0 fe80::1%lo febf::1 fec0::1 fc00::1 fd00:ec2::254"
    " fd20:ce::254 fdff::1 ff02::1 ff0e::1 100::1 5f00::1 4000::1 ::2 ::8.8.8.8 ::ffff:0.0.0.0"
    " v1.fe80 ::1] [::1 127.0.0.1 localhost"
)
_NAMES = (
    "localhost LOCALHOST localhost. localhost.localdomain a.localhost foo.local db.internal"
    " metadata.google.internal instance-data metadata router.lan host.home.arpa x.onion"
    " rebind.attacker.example 127.0.0.1.nip.attacker.example localtest.attacker.example"
    " www.example-of-rebinding.com spoofed.burp.attacker.example a.attacker.example"
    " xn--80ak6aa92e.attacker.example -a.example.com a-.example.com a_b.example.com a..example.com"
    " .example.com example.com. example..com kubernetes.default.svc kubernetes intranet"
)
_UNICODE = (
    "①②⑦.⓪.⓪.①",
    "１２７.０.０.１",
    "127。0。0。1",
    "127．0．0．1",
    "ｌｏｃａｌｈｏｓｔ",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "lo\u200bcalhost",
    "loca\u00adlhost",
    "localhoſt",
    "[::ﬀﬀ:127.0.0.1]",
    "münchen.example",
    "127.0.0.1\u3002",
)
_WHOLE = (
    "https://user@127.0.0.1:{port}/",
    "https://user:password@127.0.0.1:{port}/",
    "https://hooks.example.com@127.0.0.1:{port}/",
    "https://hooks.example.com:443@127.0.0.1:{port}/",
    "https://hooks.example.com%40127.0.0.1:{port}/",
    "https://hooks.example.com#@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}#@hooks.example.com/",
    "https://hooks.example.com\\@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\@hooks.example.com/",
    "https://hooks.example.com?@127.0.0.1:{port}/",
    "https:\\\\127.0.0.1:{port}/",
    "https:/127.0.0.1:{port}/",
    "https:127.0.0.1:{port}/",
    "https:///127.0.0.1:{port}/",
    "https:////127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}",
    "https://",
    "https://:{port}/",
    "https://[127.0.0.1]:{port}/",
    "https://[::1:{port}/",
    "https://::1:{port}/",
    "https://[::1]{port}/",
    "https://[::1]@hooks.example.com:{port}/",
    "https://[[::1]]:{port}/",
    "https://[]:{port}/",
    "https://127.0.0.1:{port}:{port}/",
    "https://127.0.0.1:0{port}0/",
    "https://127.0.0.1:-{port}/",
    "https://127.0.0.1:+{port}/",
    "https://127.0.0.1: {port}/",
    " https://127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/\r\nHost: hooks.example.com",
    "https://127.0.0.1:{port}/\0",
    "https://127.0.0.1\t:{port}/",
    "https://127.0.0.1\n:{port}/",
    "https://hooks.example.com:22/",
    "https://hooks.example.com:80/",
    "https://hooks.example.com:6379/",
    "https://hooks.example.com:65536/",
    "https://hooks.example.com:0/",
    "http://127.0.0.1:{port}/",
    "http://hooks.example.com/",
    "HTTP://127.0.0.1:{port}/",
    "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_",
    "dict://127.0.0.1:{port}/",
    "unix:/var/run/docker.sock",
    "data:text/plain,x",
    "jar:https://127.0.0.1:{port}/!/",
    "https://hooks.example.com:{port}/",
)


def corpus(port: int) -> Sequence[str]:
    """Each URL once, at the canary's port wherever it has one."""
    hosts = (*_LOOPBACK_SPELLINGS.split(), *_PRIVATE.split(), *_NAMES.split(), *_UNICODE)
    urls = (
        *(f"https://{host}:{port}/hook" for host in hosts),
        *(f"https://[{host}]:{port}/hook" for host in _SIX.split()),
        *(url.format(port=port) for url in _WHOLE),
    )
    return tuple(dict.fromkeys(urls))
