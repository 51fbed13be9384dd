// Judges checkpoints and proofs of an audit log with the libraries of others. Each line of the input is one question in
// JSON, each line of the answer is true or false; both libraries must agree, or the program ends.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Octets are base64.
type question struct {
	Kind string `json:"kind"`
	// checkpoint: the signed note, the verifier keys, and what it must say.
	Note   string   `json:"note"`
	Keys   []string `json:"keys"`
	Origin string   `json:"origin"`
	// checkpoint, inclusion, roots.
	Size int64  `json:"size"`
	Root []byte `json:"root"`
	// inclusion.
	Index int64  `json:"index"`
	Leaf  []byte `json:"leaf"`
	// consistency, from a smaller tree.
	From     int64    `json:"from"`
	FromRoot []byte   `json:"fromRoot"`
	Proof    [][]byte `json:"proof"`
	// roots: of the trees of the first one, two, three … leaves.
	Leaves [][]byte `json:"leaves"`
	Roots  [][]byte `json:"roots"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		var asked question
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			panic(err)
		}
		fmt.Fprintln(out, judge(asked))
	}
	if err := in.Err(); err != nil {
		panic(err)
	}
}

func judge(q question) bool {
	switch q.Kind {
	case "checkpoint":
		return both(checkpointByFormats(q), checkpointBySumdb(q))
	case "inclusion":
		return both(
			proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(q.Index), uint64(q.Size), rfc6962.DefaultHasher.HashLeaf(q.Leaf), q.Proof, q.Root) == nil,
			tlog.CheckRecord(hashesOf(q.Proof), q.Size, hashOf(q.Root), q.Index, tlog.RecordHash(q.Leaf)) == nil,
		)
	case "consistency":
		return both(
			proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(q.From), uint64(q.Size), q.Proof, q.FromRoot, q.Root) == nil,
			tlog.CheckTree(hashesOf(q.Proof), q.Size, hashOf(q.Root), q.From, hashOf(q.FromRoot)) == nil,
		)
	case "roots":
		return rootsAre(q)
	}
	panic("unknown kind " + q.Kind)
}

func both(one, other bool) bool {
	if one != other {
		panic(fmt.Sprintf("the libraries disagree: %v, %v", one, other))
	}
	return one
}

func checkpointByFormats(q question) bool {
	known := verifiers(q.Keys)
	for _, verifier := range known {
		checkpoint, _, _, err := log.ParseCheckpoint([]byte(q.Note), q.Origin, verifier)
		if err == nil && checkpoint.Size == uint64(q.Size) && hashOf(checkpoint.Hash) == hashOf(q.Root) {
			return true
		}
	}
	return false
}

// As Go's checksum database reads its own tree heads, but for their first line.
func checkpointBySumdb(q question) bool {
	opened, err := note.Open([]byte(q.Note), note.VerifierList(verifiers(q.Keys)...))
	if err != nil {
		return false
	}
	var root tlog.Hash
	copy(root[:], q.Root)
	return opened.Text == fmt.Sprintf("%s\n%d\n%s\n", q.Origin, q.Size, root)
}

func verifiers(keys []string) []note.Verifier {
	var known []note.Verifier
	for _, key := range keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			panic(err)
		}
		known = append(known, verifier)
	}
	return known
}

func rootsAre(q question) bool {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	for i, leaf := range q.Leaves {
		more, err := tlog.StoredHashes(int64(i), leaf, reader)
		if err != nil {
			panic(err)
		}
		stored = append(stored, more...)
		root, err := tlog.TreeHash(int64(i+1), reader)
		if err != nil {
			panic(err)
		}
		if root != hashOf(q.Roots[i]) {
			return false
		}
	}
	return len(q.Leaves) == len(q.Roots)
}

func hashOf(octets []byte) tlog.Hash {
	var hash tlog.Hash
	if len(octets) != len(hash) {
		panic("a hash has 32 octets")
	}
	copy(hash[:], octets)
	return hash
}

func hashesOf(proof [][]byte) []tlog.Hash {
	hashes := []tlog.Hash{}
	for _, one := range proof {
		hashes = append(hashes, hashOf(one))
	}
	return hashes
}
