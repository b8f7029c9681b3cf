// Checks checkpoints and proofs of an unpacked evidence bundle with Go's own note and tlog packages, as its module mirror's
// clients do.
//
//	go run log.go BUNDLE_DIRECTORY < what evidence.py printed
//
// note.Open knows log signatures (type 0x01); for the cosignatures of witnesses (type 0x04) there is a Verifier below.
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type bundle struct {
	Logs    map[string]log
	Changes map[string]struct {
		Log       string
		Witnessed bool
	}
}

type log struct {
	Log       string
	Witnesses []string
	Receipts  []receipt
}

type receipt struct {
	Size        int64
	Root        tlog.Hash
	Leaf        []byte
	Index       int64
	WitnessSize int64     `json:"witness_size"`
	WitnessRoot tlog.Hash `json:"witness_root"`
	Proof       []tlog.Hash
}

// A cosigner verifies C2SP cosignature/v1 lines.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }

func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.key, []byte(signed), sig[8:])
}

func newCosigner(vkey string) cosigner {
	parts := strings.SplitN(vkey, "+", 3)
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	check(err, vkey)
	key, err := base64.StdEncoding.DecodeString(parts[2])
	check(err, vkey)
	if key[0] != 4 || len(key) != 1+ed25519.PublicKeySize {
		fail("%s: not of a witness", vkey)
	}
	return cosigner{parts[0], uint32(hash), key[1:]}
}

// A proof as it stands in files: a number, hashes, and a note.
type proof struct {
	number int64
	hashes []tlog.Hash
	note   *note.Note
	tree   tlog.Tree
}

// open reads a file of the form PREFIX NUMBER, HASH..., empty line, note.
func open(path string, skip int, prefix string, verifiers note.Verifiers) proof {
	head, text, _ := strings.Cut(string(read(path)), "\n\n")
	lines := strings.Split(head, "\n")[skip:]
	number, err := strconv.ParseInt(strings.TrimPrefix(lines[0], prefix+" "), 10, 64)
	check(err, path)
	p := proof{number: number}
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		check(err, path)
		p.hashes = append(p.hashes, hash)
	}
	p.note, err = note.Open([]byte(text), verifiers)
	check(err, path)
	if len(p.note.UnverifiedSigs) > 0 {
		fail("%s: a signature of somebody unknown", path)
	}
	// tlog.ParseTree wants the first line of Go's own logs.
	body := strings.SplitN(p.note.Text, "\n", 4)
	if len(body) != 4 || body[3] != "" {
		fail("%s: not three lines", path)
	}
	p.tree.N, err = strconv.ParseInt(body[1], 10, 64)
	check(err, path)
	p.tree.Hash, err = tlog.ParseHash(body[2])
	check(err, path)
	return p
}

func main() {
	dir := os.Args[1]
	var b bundle
	check(json.NewDecoder(os.Stdin).Decode(&b), "the report")
	counts := map[string]int{}

	all := map[string]note.Verifiers{}
	for name, l := range b.Logs {
		verifier, err := note.NewVerifier(l.Log)
		check(err, l.Log)
		own := note.VerifierList(verifier)
		both := []note.Verifier{verifier}
		for _, vkey := range l.Witnesses {
			both = append(both, newCosigner(vkey))
		}
		all[name] = note.VerifierList(both...)

		folder := filepath.Join(dir, "logs", name)
		newest := open(filepath.Join(folder, "start.tlog-proof"), 1, "index", own)
		leaf := tlog.RecordHash(read(filepath.Join(folder, "start.entry")))
		check(tlog.CheckRecord(newest.hashes, newest.tree.N, newest.tree.Hash, newest.number, leaf), name+": start")
		counts["inclusion"]++
		for n, r := range l.Receipts {
			path := filepath.Join(folder, "receipts", fmt.Sprint(n+1, ".consistency"))
			c := open(path, 0, "old", own)
			if c.number != r.Size || c.tree != newest.tree {
				fail("%s: other sizes", path)
			}
			check(tlog.CheckTree(c.hashes, c.tree.N, c.tree.Hash, r.Size, r.Root), path)
			counts["consistency"]++
			check(tlog.CheckRecord(r.Proof, r.WitnessSize, r.WitnessRoot, r.Index, tlog.RecordHash(r.Leaf)), path+": witness log")
			counts["witness"]++
		}
	}
	for id, c := range b.Changes {
		path := filepath.Join(dir, "entries", id)
		p := open(path+".tlog-proof", 1, "index", all[c.Log])
		if c.Witnessed != (len(p.note.Sigs) == 2) {
			fail("%s: %d signatures", path, len(p.note.Sigs))
		}
		check(tlog.CheckRecord(p.hashes, p.tree.N, p.tree.Hash, p.number, tlog.RecordHash(read(path+".entry"))), path)
		counts["inclusion"]++
	}
	check(json.NewEncoder(os.Stdout).Encode(counts), "output")
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	check(err, path)
	return data
}

func check(err error, what string) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

func fail(format string, values ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}
