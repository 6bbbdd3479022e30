// Reads claims with their ICS-23 proofs and asks github.com/cosmos/ics23 about each, under its SmtSpec.
//
// A line is "verdict alter root proof claim…", all in hexadecimal: the verdict that is expected, + or -; the alterations to try,
// * for all and . for none; a claim is key=value, or key! where it is absent. What was not as expected is printed, then a line of
// figures.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	ics23 "github.com/cosmos/ics23/go"
)

const lineBytesMax = 16 << 20

// What an altered byte becomes: lowest, highest, all bits turned, and one that turns the kind of a field.
var masks = []byte{0x01, 0x02, 0x80, 0xff}

type figures struct {
	accepted, refused, altered, panics, wrong int
}

type claims struct {
	present map[string][]byte
	absent  [][]byte
}

func main() {
	var seen figures
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, lineBytesMax)
	for number := 1; lines.Scan(); number++ {
		seen.line(number, strings.Fields(lines.Text()))
	}
	if err := lines.Err(); err != nil {
		fmt.Println("WRONG", err)
		os.Exit(1)
	}
	fmt.Printf("accepted %d refused %d altered %d panics %d wrong %d\n",
		seen.accepted, seen.refused, seen.altered, seen.panics, seen.wrong)
}

func (seen *figures) line(number int, words []string) {
	root, proof := unhex(words[2]), unhex(words[3])
	claimed := parse(words[4:])
	holds := seen.verify(root, proof, claimed)
	if holds {
		seen.accepted++
	} else {
		seen.refused++
	}
	if holds != (words[0] == "+") {
		seen.wrong++
		fmt.Println("WRONG line", number, "holds:", holds)
	}
	if words[1] == "*" {
		seen.alter(number, root, proof, claimed)
	}
}

// alter tries the proof with each byte of it, of the root and of each value changed: nothing of that may hold.
func (seen *figures) alter(number int, root, proof []byte, claimed claims) {
	parts := [][]byte{root, proof}
	for _, value := range claimed.present {
		parts = append(parts, value)
	}
	for part, data := range parts {
		for i := range data {
			for _, mask := range masks {
				data[i] ^= mask
				seen.altered++
				if seen.verify(root, proof, claimed) {
					seen.wrong++
					fmt.Println("WRONG line", number, "part", part, "byte", i, "turned by", mask)
				}
				data[i] ^= mask
			}
		}
	}
}

// verify says whether the library accepts the proof for all claims. It panics at some proofs that nobody makes in earnest.
func (seen *figures) verify(root, data []byte, claimed claims) (holds bool) {
	defer func() {
		if recover() != nil {
			seen.panics++
			holds = false
		}
	}()
	var proof ics23.CommitmentProof
	if proof.Unmarshal(data) != nil {
		return false
	}
	return ics23.BatchVerifyMembership(ics23.SmtSpec, root, &proof, claimed.present) &&
		ics23.BatchVerifyNonMembership(ics23.SmtSpec, root, &proof, claimed.absent)
}

func parse(words []string) claims {
	claimed := claims{present: map[string][]byte{}}
	for _, word := range words {
		if key, isAbsent := strings.CutSuffix(word, "!"); isAbsent {
			claimed.absent = append(claimed.absent, unhex(key))
		} else {
			key, value, _ := strings.Cut(word, "=")
			claimed.present[string(unhex(key))] = unhex(value)
		}
	}
	return claimed
}

func unhex(text string) []byte {
	data, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return data
}
