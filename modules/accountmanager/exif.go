package accountmanager

import (
	"bytes"
	"encoding/binary"
)

// orientation reads how a camera was held from a JPEG: 1 to 8 of Exif 2.3, 4.6.4; 1, upright, where the file does not say or
// says it in a way that does not hold together. It reads no further than the headers.
func orientation(content []byte) int {
	for at := 2; at+4 <= len(content) && content[at] == 0xff; {
		marker, size := content[at+1], int(binary.BigEndian.Uint16(content[at+2:]))
		end := at + 2 + size
		if marker == 0xda || size < 2 || end > len(content) {
			return 1
		}
		if body := content[at+4 : end]; marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return orientationOf(body[6:])
		}
		at = end
	}
	return 1
}

// orientationOf reads it from the TIFF structure that Exif is.
func orientationOf(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(tiff[:2]) == "MM" {
		order = binary.BigEndian
	}
	first := int64(order.Uint32(tiff[4:]))
	if first < 8 || first+2 > int64(len(tiff)) {
		return 1
	}
	for i := range int64(order.Uint16(tiff[first:])) {
		at := first + 2 + 12*i
		if at+12 > int64(len(tiff)) {
			return 1
		}
		const tag = 0x0112
		if order.Uint16(tiff[at:]) != tag {
			continue
		}
		if value := int(order.Uint16(tiff[at+8:])); value >= 1 && value <= 8 {
			return value
		}
		return 1
	}
	return 1
}
