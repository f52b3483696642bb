package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// TestModulesInABrowser has a head look at modules in processes of their own, restart one, put it into quarantine and
// resume it.
func TestModulesInABrowser(t *testing.T) {
	browser := openBrowser(t)
	s := openSite(t) // where booking has a process
	b := newTab(t, browser, s, s.head(t))
	b.open("/modules")
	b.says("booking")
	b.look("modules")
	b.leads(200, b.clickText("booking"))
	b.look("module")
	b.setLanguage("uk")
	for _, size := range []size{phone, desk} {
		for _, path := range []string{"/modules", "/modules/booking", "/modules/booking/links", "/modules/accountmanager", "/modules/clientmanager"} {
			b.view(size, "light")
			b.open(path)
			b.shoot("modules-uk-" + size.name)
			b.fits("modules in Ukrainian", size)
		}
	}
	b.setLanguage("en")
	b.view(desk, "light")
	b.open("/modules/booking")
	state := func() kernelv1.ModuleState {
		got, err := kernelv1.NewModuleServiceClient(s.Kernel()).GetModule(t.Context(), &kernelv1.GetModuleRequest{Id: "booking"})
		require.NoError(t, err)
		return got.GetModule().GetState()
	}
	for _, step := range []struct {
		does, says string
		state      kernelv1.ModuleState
	}{
		{"Restart", "It was restarted", kernelv1.ModuleState_MODULE_STATE_READY},
		{"Put into quarantine", "It is in quarantine", kernelv1.ModuleState_MODULE_STATE_QUARANTINED},
	} {
		b.do(b.clickText(step.does))
		b.leads(200, click("#ask-yes"))
		b.until(`document.body.innerText.includes('` + step.says + `')`)
		require.Equal(t, step.state, state())
	}
	b.look("module-quarantined")
	b.do(b.clickText("Resume"))
	b.leads(200, click("#ask-yes"))
	b.until(`document.body.innerText.includes('It is being started')`)
	// The page hears of it by itself.
	b.until(`document.querySelector('main').innerText.includes('Ready')`)
}
