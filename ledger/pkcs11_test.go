//go:build pkcs11

package ledger_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ThalesGroup/crypto11"

	"jisr/ledger"
)

const softHSM = "/usr/lib/softhsm/libsofthsm2.so" // of Debian's package softhsm2

// TestATokenOpensTheDataKey wraps a data key with an AES key in a token: Debian's SoftHSM.
func TestATokenOpensTheDataKey(t *testing.T) {
	if _, err := os.Stat(softHSM); err != nil {
		t.Skip("NOT TESTED: PKCS#11 needs a token; install the Debian package softhsm2 and run this again")
	}
	dir, v := vault(t)
	tokens := filepath.Join(dir, "tokens")
	check(t, os.Mkdir(tokens, 0o700))
	conf := filepath.Join(dir, "softhsm2.conf")
	check(t, os.WriteFile(conf, []byte("directories.tokendir = "+tokens+"\n"), 0o600))
	t.Setenv("SOFTHSM2_CONF", conf)
	if out, err := exec.Command("softhsm2-util", "--init-token", "--free", "--label", "jisr test", "--pin", "4321", "--so-pin", "8765").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c, err := crypto11.Configure(&crypto11.Config{Path: softHSM, TokenLabel: "jisr test", Pin: "4321"})
	check(t, err)
	_, err = c.GenerateSecretKeyWithLabel([]byte("1"), []byte("data key"), 256, crypto11.CipherAES)
	check(t, errors.Join(err, c.Close()))
	pin := filepath.Join(dir, "pin")
	check(t, os.WriteFile(pin, []byte("4321\n"), 0o600))

	w := ledger.Wrapping{PKCS11: "pkcs11:token=jisr%20test;object=data%20key?module-path=" + softHSM + "&pin-source=file:" + pin}
	check(t, v.Wrap(w, func() error { return nil }))
	got, err := ledger.OpenVault(dir, w)
	check(t, err)
	if !bytes.Equal(got.FileKey("a"), v.FileKey("a")) {
		t.Error("other data keys")
	}
	check(t, os.WriteFile(pin, []byte("0000"), 0o600))
	if _, err := ledger.OpenVault(dir, w); err == nil {
		t.Error("opened with a wrong PIN")
	}
	for _, uri := range []string{"", "pkcs11:", "pkcs11:token=a;object=b?module-path=/x", "token=a;object=b?module-path=/x&pin-source=/y", "pkcs11:token=%zz"} {
		if _, err := ledger.OpenVault(dir, ledger.Wrapping{PKCS11: uri, KeyFile: "none"}); err == nil {
			t.Errorf("accepted %q", uri)
		}
	}
}
