//go:build amd64 && !purego

package kernel

// setOptimizers sets the steps of optimizers.
func setOptimizers(l *loops[float32]) {
	l.decayed, l.adam, l.rmsprop = runDecayed, runAdam, runRMSProp
	l.momentum, l.nesterov = momentumLoop(momentumAVX2), momentumLoop(nesterovAVX2)
}

func runDecayed(param, grad []float32, c [4]float32) {
	if n := len(param); n > 0 {
		decayedAVX2(&param[0], &grad[:n][0], &c[0], n)
	}
}

func momentumLoop(f func(param, grad, buf, c *float32, n int)) func(param, grad, buf []float32, c [4]float32) {
	return func(param, grad, buf []float32, c [4]float32) {
		if n := len(param); n > 0 {
			f(&param[0], &grad[:n][0], &buf[:n][0], &c[0], n)
		}
	}
}

func runAdam(param, grad, m, v []float32, c [8]float32) {
	if n := len(param); n > 0 {
		adamAVX2(&param[0], &grad[:n][0], &m[:n][0], &v[:n][0], &c[0], n)
	}
}

func runRMSProp(param, grad, square, mean, buf []float32, c [6]float32) {
	n := len(param)
	if n == 0 {
		return
	}
	p, g, s := &param[0], &grad[:n][0], &square[:n][0]
	switch {
	case mean != nil && buf != nil:
		rmspropCenteredMomentumAVX2(p, g, s, &mean[:n][0], &buf[:n][0], &c[0], n)
	case mean != nil:
		rmspropCenteredAVX2(p, g, s, &mean[:n][0], &c[0], n)
	case buf != nil:
		rmspropMomentumAVX2(p, g, s, &buf[:n][0], &c[0], n)
	default:
		rmspropAVX2(p, g, s, &c[0], n)
	}
}
