// Package secret keeps a portal's master key and what the key seals.
//
// A portal stores things that a stolen copy of its database must not give away: seeds of one-time passwords, keys of
// payment gateways, passwords of mail servers. They are sealed with a key that lies outside the database.
//
//	keeper, err := secret.Open(secret.Config{Dir: dataFolder, Env: os.LookupEnv, Log: log})
//	sealed, err := keeper.Seal("totp-seed", seed, userID[:])   // store sealed in a row
//	seed, err := keeper.Open("totp-seed", sealed, userID[:])   // fails for another user's row
//
// The files of the package:
//
//	keeper.go  Keeper: Seal, Open, Resealed, Derive
//	rotate.go  Rotate, and picking up what another process rotated
//	open.go    Open: where the master key comes from
//	ring.go    the keys themselves and the text they are written in
//	file.go    the key file: modes, locks, atomic replacement
//	text.go    Text: a string that is never printed
//
// # Where the master key comes from
//
// The first of these that is set is used:
//
//  1. the environment variable CABINET_MASTER_KEY: 32 bytes as base64 or hex;
//  2. the file that CABINET_MASTER_KEY_FILE names;
//  3. the file master.key in the data folder, made at first start, readable by its owner alone.
//
// Each may hold several keys, separated by white space or commas: the first seals, all of them open. Lose the key and
// what it sealed is lost; back it up apart from the database, or a thief of one backup has both.
//
// # The cipher
//
// XChaCha20-Poly1305. Its nonces are 24 bytes, so random ones never collide in practice; with the 12 bytes of AES-GCM a
// key would have to be changed, and its uses counted across processes, before about four thousand million messages.
// Every purpose has a key of its own, derived from the master key with HKDF-SHA256, so a value sealed for one purpose
// cannot be opened for another even by mistake.
//
// A sealed value is: one byte of version (1), eight of key id, 24 of nonce, then the ciphertext with its tag of 16. The
// version, the key id, the purpose and the binding are authenticated. Sealing adds [Overhead] bytes.
//
// # Rotation
//
// [Keeper.Rotate] puts a new key in front; the old ones stay, so everything sealed before still opens.
// [Keeper.Resealed] moves one value to the current key; when no value is left behind, the old key's line may be
// removed from the file by hand.
//
// Derived keys ([Keeper.Derive]) come from the current key, so they change with a rotation. Sign with
// Derive, verify with every key that [Keeper.Derivations] returns, and ask again for each use or at short intervals
// rather than once at start: what was signed before a rotation then verifies until the old key is removed. Only what may
// become invalid (sessions, form tokens, principals: all short-lived) should be signed with a derived key. Never derive
// a key for what is stored for years: seal it instead.
//
// Another process of the same portal learns of a rotated file key when it meets a value sealed with it, or when
// [Keeper.Reload] is called, or when it starts again. A key from the environment can be changed only there.
package secret
