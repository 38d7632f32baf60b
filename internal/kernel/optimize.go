package kernel

import "math"

// SGD is one step of stochastic gradient descent, as PyTorch defines it.
type SGD struct {
	Rate        float64 // learning rate
	Momentum    float64 // 0: no momentum, and no buffer is read
	Dampening   float64
	WeightDecay float64 // L2, added to the gradient
	Nesterov    bool
	First       bool // the buffer is set to the gradient, not updated
}

// StepSGD updates parameters in one pass:
//
//	g = grad + WeightDecay*param
//	buf = First ? g : Momentum*buf + (1-Dampening)*g
//	g = Nesterov ? g + Momentum*buf : buf      (if Momentum != 0)
//	param -= Rate*g
//
// buf may be nil if Momentum is 0.
func StepSGD[T Float](s *SGD, param, grad, buf []T) {
	rate, decay := T(s.Rate), T(s.WeightDecay)
	grad = grad[:len(param)]
	if s.Momentum == 0 && s.WeightDecay == 0 {
		AddScaled(param, -rate, grad) // exactly param - rate*grad
		return
	}
	l, c := loopsOf[T](), [4]T{rate, decay, T(s.Momentum), T(1 - s.Dampening)}
	if s.Momentum == 0 {
		l.decayed(param, grad, c)
		return
	}
	buf = buf[:len(param)]
	switch {
	case s.First:
		goFirstMomentum(param, grad, buf, c, s.Nesterov)
	case s.Nesterov:
		l.nesterov(param, grad, buf, c)
	default:
		l.momentum(param, grad, buf, c)
	}
}

// The loops of StepSGD have c = {rate, weight decay, momentum, 1 - dampening}.

// goDecayed is the one without momentum.
func goDecayed[T Float](param, grad []T, c [4]T) {
	for i, p := range param {
		g := grad[i] + T(c[1]*p)
		param[i] = p - T(c[0]*g)
	}
}

// goFirstMomentum is the first step with momentum.
func goFirstMomentum[T Float](param, grad, buf []T, c [4]T, nesterov bool) {
	for i, p := range param {
		b := grad[i] + T(c[1]*p)
		buf[i] = b
		if nesterov {
			b += T(c[2] * b)
		}
		param[i] = p - T(c[0]*b)
	}
}

// goNesterov is a later step with Nesterov's momentum.
func goNesterov[T Float](param, grad, buf []T, c [4]T) {
	for i, p := range param {
		g := grad[i] + T(c[1]*p)
		b := T(c[2]*buf[i]) + T(c[3]*g)
		buf[i] = b
		g += T(c[2] * b)
		param[i] = p - T(c[0]*g)
	}
}

// goMomentum is a later step with momentum.
func goMomentum[T Float](param, grad, buf []T, c [4]T) {
	for i, p := range param {
		g := grad[i] + T(c[1]*p)
		b := T(c[2]*buf[i]) + T(c[3]*g)
		buf[i] = b
		param[i] = p - T(c[0]*b)
	}
}

// Adam is one step of Adam, or of AdamW if Decoupled.
//
// Source: Kingma, Ba, "Adam", 2015; Loshchilov, Hutter, "Decoupled weight
// decay regularization", 2019; the order of operations is PyTorch's.
type Adam struct {
	Rate         float64
	Beta1, Beta2 float64
	Epsilon      float64
	WeightDecay  float64
	Decoupled    bool // AdamW: decay the parameter, not the gradient
	Step         int  // 1 at the first step
}

// StepAdam updates parameters and both moments in one pass:
//
//	param *= 1 - Rate*WeightDecay              (Decoupled)
//	g = grad + WeightDecay*param               (otherwise)
//	m += (1-Beta1)*(g-m)
//	v = Beta2*v + (1-Beta2)*g*g
//	param -= Rate/(1-Beta1^Step) * m / (sqrt(v)/sqrt(1-Beta2^Step) + Epsilon)
func StepAdam[T Float](a *Adam, param, grad, m, v []T) {
	step := float64(a.Step)
	shrink, decay := T(1), T(a.WeightDecay)
	if a.Decoupled {
		shrink, decay = T(1-a.Rate*a.WeightDecay), 0
	}
	n := len(param)
	loopsOf[T]().adam(param, grad[:n], m[:n], v[:n], [8]T{
		T(a.Rate / (1 - math.Pow(a.Beta1, step))), shrink, decay,
		T(1 - a.Beta1), T(a.Beta2), T(1 - a.Beta2),
		T(math.Sqrt(1 - math.Pow(a.Beta2, step))), T(a.Epsilon),
	})
}

// goAdam is the loop of StepAdam; c is {Rate/(1-Beta1^Step), factor of the
// parameter, weight decay of the gradient, 1-Beta1, Beta2, 1-Beta2,
// sqrt(1-Beta2^Step), Epsilon}.
func goAdam[T Float](param, grad, m, v []T, c [8]T) {
	size, shrink, decay, b1, b2, c2, scale, eps := c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]
	for i, p := range param {
		p = T(p * shrink)
		g := grad[i] + T(decay*p)
		mi := m[i] + T(b1*(g-m[i]))
		vi := T(b2*v[i]) + T(T(c2*g)*g)
		m[i], v[i] = mi, vi
		param[i] = p - T(size*(mi/(sqrt(vi)/scale+eps)))
	}
}

// RMSProp is one step of RMSProp, as PyTorch defines it.
type RMSProp struct {
	Rate        float64
	Decay       float64 // of the mean square (alpha)
	Epsilon     float64
	WeightDecay float64
	Momentum    float64
	Centered    bool
}

// StepRMSProp updates parameters in one pass:
//
//	g = grad + WeightDecay*param
//	square = Decay*square + (1-Decay)*g*g
//	mean += (1-Decay)*(g-mean);  avg = sqrt(square - mean²)   (Centered)
//	avg = sqrt(square)                                        (otherwise)
//	buf = Momentum*buf + g/(avg+Epsilon);  param -= Rate*buf  (Momentum > 0)
//	param -= Rate*g/(avg+Epsilon)                             (otherwise)
//
// mean may be nil unless Centered, buf unless Momentum > 0.
func StepRMSProp[T Float](r *RMSProp, param, grad, square, mean, buf []T) {
	n := len(param)
	grad, square = grad[:n], square[:n]
	c := [6]T{T(r.Rate), T(r.WeightDecay), T(r.Epsilon), T(r.Decay), T(1 - r.Decay), T(r.Momentum)}
	if !r.Centered {
		mean = nil
	} else {
		mean = mean[:n]
	}
	if !(r.Momentum > 0) {
		buf = nil
	} else {
		buf = buf[:n]
	}
	loopsOf[T]().rmsprop(param, grad, square, mean, buf, c)
}

// goRMSProp is the loop of StepRMSProp, centered unless mean is nil and with
// momentum unless buf is; c is {Rate, WeightDecay, Epsilon, Decay, 1 - Decay,
// Momentum}.
func goRMSProp[T Float](param, grad, square, mean, buf []T, c [6]T) {
	rate, decay, eps, keep, take, momentum := c[0], c[1], c[2], c[3], c[4], c[5]
	for i, p := range param {
		g := grad[i] + T(decay*p)
		s := T(keep*square[i]) + T(T(take*g)*g)
		square[i] = s
		if mean != nil {
			mu := mean[i] + T(take*(g-mean[i]))
			mean[i] = mu
			s -= T(mu * mu)
		}
		b := g / (sqrt(s) + eps)
		if buf != nil {
			b += T(momentum * buf[i])
			buf[i] = b
		}
		param[i] = p - T(rate*b)
	}
}

// AddScaled accumulates: dst[i] += scale*src[i].
func AddScaled[T Float](dst []T, scale T, src []T) {
	loopsOf[T]().addScaled(dst, scale, src[:len(dst)])
}

// goAddScaled defines loops.addScaled.
func goAddScaled[T Float](dst []T, scale T, src []T) {
	for i, v := range src {
		dst[i] += T(scale * v)
	}
}

// Scale multiplies: dst[i] *= scale.
func Scale[T Float](dst []T, scale T) {
	for i := range dst {
		dst[i] *= scale
	}
}

// sqrt is the square root, correctly rounded; for float32 the compiler makes
// it a single instruction.
func sqrt[T Float](x T) T { return T(math.Sqrt(float64(x))) }
