//! Reads claims with their ICS-23 proofs and asks the crate `ics23` about each, under its `smt_spec`. The lines that come in and go
//! out are those of `../go/main.go`.

use ics23::{CommitmentProof, HostFunctionsManager, ProofSpec};
use prost::Message;
use std::collections::BTreeMap;
use std::io::BufRead;
use std::panic::catch_unwind;

/// What an altered byte becomes: lowest, highest, all bits turned, and one that turns the kind of a field.
const MASKS: [u8; 4] = [0x01, 0x02, 0x80, 0xff];

#[derive(Default)]
struct Figures {
    accepted: u64,
    refused: u64,
    altered: u64,
    panics: u64,
    wrong: u64,
}

#[derive(Default)]
struct Claims {
    present: Vec<(Vec<u8>, Vec<u8>)>,
    absent: Vec<Vec<u8>>,
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let spec = ics23::smt_spec();
    let mut seen = Figures::default();
    for (index, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line.unwrap_or_else(|error| {
            println!("WRONG {error}");
            std::process::exit(1);
        });
        let words: Vec<&str> = line.split_whitespace().collect();
        seen.line(index + 1, &words, &spec);
    }
    println!(
        "accepted {} refused {} altered {} panics {} wrong {}",
        seen.accepted, seen.refused, seen.altered, seen.panics, seen.wrong
    );
}

impl Figures {
    fn line(&mut self, number: usize, words: &[&str], spec: &ProofSpec) {
        let (mut root, mut proof) = (unhex(words[2]), unhex(words[3]));
        let mut claims = parse(&words[4..]);
        let holds = self.verify(&root, &proof, &claims, spec);
        if holds {
            self.accepted += 1;
        } else {
            self.refused += 1;
        }
        if holds != (words[0] == "+") {
            self.wrong += 1;
            println!("WRONG line {number} holds: {holds}");
        }
        if words[1] != "*" {
            return;
        }
        // Each byte of the root, the proof and the values changed: nothing of that may hold.
        for i in 0..root.len() {
            for mask in MASKS {
                root[i] ^= mask;
                self.altered(number, "root", i, &root, &proof, &claims, spec);
                root[i] ^= mask;
            }
        }
        for i in 0..proof.len() {
            for mask in MASKS {
                proof[i] ^= mask;
                self.altered(number, "proof", i, &root, &proof, &claims, spec);
                proof[i] ^= mask;
            }
        }
        for entry in 0..claims.present.len() {
            for i in 0..claims.present[entry].1.len() {
                for mask in MASKS {
                    claims.present[entry].1[i] ^= mask;
                    self.altered(number, "value", i, &root, &proof, &claims, spec);
                    claims.present[entry].1[i] ^= mask;
                }
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn altered(
        &mut self,
        number: usize,
        part: &str,
        byte: usize,
        root: &[u8],
        proof: &[u8],
        claims: &Claims,
        spec: &ProofSpec,
    ) {
        self.altered += 1;
        if self.verify(root, proof, claims, spec) {
            self.wrong += 1;
            println!("WRONG line {number} {part} byte {byte}");
        }
    }

    /// Whether the crate accepts the proof for all claims. It panics at some proofs that nobody makes in earnest.
    fn verify(&mut self, root: &[u8], data: &[u8], claims: &Claims, spec: &ProofSpec) -> bool {
        let Ok(proof) = CommitmentProof::decode(data) else {
            return false;
        };
        let answer = catch_unwind(|| {
            let root = root.to_vec();
            let present: BTreeMap<&[u8], &[u8]> =
                claims.present.iter().map(|(key, value)| (key.as_slice(), value.as_slice())).collect();
            let absent: Vec<&[u8]> = claims.absent.iter().map(Vec::as_slice).collect();
            ics23::verify_batch_membership::<HostFunctionsManager>(&proof, spec, &root, present)
                && ics23::verify_batch_non_membership::<HostFunctionsManager>(&proof, spec, &root, &absent)
        });
        answer.unwrap_or_else(|_| {
            self.panics += 1;
            false
        })
    }
}

fn parse(words: &[&str]) -> Claims {
    let mut claims = Claims::default();
    for word in words {
        if let Some(key) = word.strip_suffix('!') {
            claims.absent.push(unhex(key));
        } else {
            let (key, value) = word.split_once('=').expect("a claim");
            claims.present.push((unhex(key), unhex(value)));
        }
    }
    claims
}

fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text).expect("hexadecimal")
}
