package session

type Vars struct{ Ctx *Ctx }

type Ctx struct{ Rows int }

func Reset(vars *Vars) {
	vars.Ctx = &Ctx{}
}
