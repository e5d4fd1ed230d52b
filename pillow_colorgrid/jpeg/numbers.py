"""Numbers of packed recipes, and how payloads of segments begin; no numpy, as opening needs."""

JFIF = b"JFIF\0"
PLAIN_JFIF = JFIF + bytes.fromhex("01010000010001") + b"\0\0"
ADOBE = b"Adobe" + bytes.fromhex("006400000000")
EXIF, XMP, ICC = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"


def varint(number: int) -> bytes:
    """Little-endian base 128."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


class Source:
    """Bytes that are taken from the front."""

    def __init__(self, data: bytes, what: str = "recipe") -> None:
        """Begin with the first byte; `what` it is, messages say."""
        self.data = data
        self.what = what
        self.at = 0

    def take(self, count: int) -> bytes:
        """The next bytes. Raises ValueError if there are not so many."""
        part = self.data[self.at : self.at + count]
        if len(part) != count:
            raise ValueError(
                f"{self.what} ends after {len(self.data)} bytes, {self.at + count} needed"
            )
        self.at += count
        return part

    def byte(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def varint(self) -> int:
        """The next number. Raises ValueError if it is not below 2**32."""
        number = 0
        for shift in range(0, 35, 7):
            byte = self.byte()
            number |= (byte & 127) << shift
            if byte < 128:
                if number >= 1 << 32:
                    raise ValueError(f"number {number} in a {self.what}, at most 2**32 - 1")
                return number
        raise ValueError(f"number of more than 5 bytes in a {self.what}")
