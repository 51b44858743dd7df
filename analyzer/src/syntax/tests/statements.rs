//! What the statements of a function become: blocks, and instructions in Go's order of evaluation.
//!
//! The function around every body is `func f(x, y *T, ch chan int)`; `a#3` is the local with number 3, `a#3^` one that a
//! literal captures.

use super::check;

#[test]
fn operands_come_before_the_operation() {
    check(
        r#"
            x.f = g(y.z).h
        "#,
        r#"
            b0:
              read y.z
              call g(y.z)
              read g(y.z).h
              write x.f = g(y.z).h
              end
        "#,
    );
}

#[test]
fn an_increment_is_one_update() {
    check(
        r#"
            x.n++
            y.m += x.n
        "#,
        r#"
            b0:
              write x.n = update
              read x.n
              write y.m = update x.n
              end
        "#,
    );
}

#[test]
fn address_of_a_place_reads_only_its_operands() {
    check(
        r#"
            p := &x.list[y.i]
            q := &x.a
            g(p, q)
        "#,
        r#"
            b0:
              read y.i
              define p#3 = &x.list[y.i]
              define q#4 = &x.a
              read p#3
              read q#4
              call g(p, q)
              end
        "#,
    );
}

#[test]
fn the_last_step_of_a_callee_is_left_to_the_call() {
    check(
        r#"
            x.f.M(y.z)
            pkg.F()
            fn := pkg.G
            fn()
        "#,
        r#"
            b0:
              read x.f
              read y.z
              call x.f.M(y.z)
              read pkg
              call pkg.F()
              read pkg.G
              define fn#3 = pkg.G
              read fn#3
              call fn()
              end
        "#,
    );
}

#[test]
fn indices_and_slice_bounds_are_read() {
    check(
        r#"
            x.m[y.key] = x.s[y.lo:y.hi]
        "#,
        r#"
            b0:
              read y.key
              read x.s
              read y.lo
              read y.hi
              write x.m[y.key] = x.s[y.lo:y.hi]
              end
        "#,
    );
}

#[test]
fn a_receive_and_a_send() {
    check(
        r#"
            v := <-ch
            ch <- v + <-x.c
        "#,
        r#"
            b0:
              read ch#2
              receive <-ch
              define v#3 = <-ch
              read ch#2
              read v#3
              read x.c
              receive <-x.c
              send ch#2 <- v + <-x.c
              end
        "#,
    );
}

#[test]
fn several_values_of_one_expression() {
    check(
        r#"
            v, ok := x.m[1]
            v, ok = <-x.c
            _, err := g()
            use(v, ok, err)
        "#,
        r#"
            b0:
              read x.m[1]
              define v#3 = x.m[1].0
              define ok#4 = x.m[1].1
              read x.c
              receive <-x.c
              write v#3 = <-x.c.0
              write ok#4 = <-x.c.1
              call g()
              define err#5 = g().1
              read v#3
              read ok#4
              read err#5
              call use(v, ok, err)
              end
        "#,
    );
}

#[test]
fn constants_are_not_read() {
    check(
        r#"
            const limit = 3
            x.n = limit
            x.p = nil
            x.b = true
        "#,
        r#"
            b0:
              write x.n = limit#3
              write x.p = nil
              write x.b = true
              end
        "#,
    );
}

#[test]
fn variables_with_and_without_values() {
    check(
        r#"
            var a, b int
            var c, d = g()
            var e T = a
            use(a, b, c, d, e)
        "#,
        r#"
            b0:
              define a#3 = zero
              define b#4 = zero
              call g()
              define c#5 = g().0
              define d#6 = g().1
              read a#3
              define e#7 = a#3
              read a#3
              read b#4
              read c#5
              read d#6
              read e#7
              call use(a, b, c, d, e)
              end
        "#,
    );
}

#[test]
fn keys_of_maps_are_values_and_keys_of_structs_are_not() {
    check(
        r#"
            k := 1
            g(map[int]T{k: {k: k}}, T{k: 2}, []int{k: 3})
        "#,
        r#"
            b0:
              define k#3 = 1
              read k#3
              read k#3
              read k#3
              call g(map[int]T{k: {k: k}}, T{k: 2}, []int{k: 3})
              end
        "#,
    );
}

#[test]
fn conversions_and_type_arguments_read_no_types() {
    check(
        r#"
            a := []byte(x.s)
            b := (*T)(y)
            c := f[[]int](a)
            d := make(map[string]int, x.n)
            use(a, b, c, d)
        "#,
        r#"
            b0:
              read x.s
              call []byte(x.s)
              define a#3 = []byte(x.s)
              read y#1
              call (*T)(y)
              define b#4 = (*T)(y)
              read a#3
              call f[[]int](a)
              define c#5 = f[[]int](a)
              read x.n
              call make(map[string]int, x.n)
              define d#6 = make(map[string]int, x.n)
              read a#3
              read b#4
              read c#5
              read d#6
              call use(a, b, c, d)
              end
        "#,
    );
}

#[test]
fn new_takes_types_and_values() {
    check(
        r#"
            a := new(T)
            b := new(pkg.T)
            c := new(x.n)
            use(a, b, c)
        "#,
        r#"
            b0:
              call new(T)
              define a#3 = new(T)
              call new(pkg.T)
              define b#4 = new(pkg.T)
              read x.n
              call new(x.n)
              define c#5 = new(x.n)
              read a#3
              read b#4
              read c#5
              call use(a, b, c)
              end
        "#,
    );
}

#[test]
fn go_and_defer_evaluate_operands_now() {
    check(
        r#"
            go x.run(y.z)
            defer x.mu.Unlock()
            defer func() { recover() }()
            go func(n int) { g(n, x) }(y.n)
        "#,
        r#"
              b0:
                read x#0^
                read y.z
                go x.run(y.z)
                read x.mu
                defer x.mu.Unlock()
                defer func() { recover() }()
                read y.n
                go func(n int) { g(n, x) }(y.n)
                end
            func f literal 1()
              b0:
                call recover()
                end
            func f literal 2(n#3)
              b0:
                read n#3
                read x#0^
                call g(n, x)
                end
        "#,
    );
}

#[test]
fn conditions_are_one_expression() {
    check(
        r#"
            if x.a && !y.b || g() {
                h()
            } else if z := x.c; z {
                return
            } else {
                k(z)
            }
            last()
        "#,
        r#"
            b0:
              read x.a
              read y.b
              call g()
              if x.a && !y.b || g() b1 else b2
            b1:
              call h()
              goto b3
            b2:
              read x.c
              define z#3 = x.c
              read z#3
              if z#3 b4 else b5
            b3:
              call last()
              end
            b4:
              return 
            b5:
              read z#3
              call k(z)
              goto b3
        "#,
    );
}

#[test]
fn a_loop_with_init_condition_and_post() {
    check(
        r#"
            for i := 0; i < x.n; i++ {
                if i == 3 {
                    continue
                }
                if i == 4 {
                    break
                }
                g(i)
            }
        "#,
        r#"
            b0:
              define i#3 = 0
              goto b1
            b1:
              read i#3
              read x.n
              if i < x.n b3 else b2
            b2:
              end
            b3:
              read i#3
              if i == 3 b5 else b6
            b4:
              write i#3 = update
              goto b1
            b5:
              goto b4
            b6:
              read i#3
              if i == 4 b7 else b8
            b7:
              goto b2
            b8:
              read i#3
              call g(i)
              goto b4
            loop b1 exit b2
        "#,
    );
}

#[test]
fn a_loop_without_condition_has_no_way_out_but_break() {
    check(
        r#"
            for {
                g()
            }
            after()
        "#,
        r#"
            b0:
              goto b1
            b1:
              goto b3
            b2:
              call after()
              unreachable
            b3:
              call g()
              goto b1
            loop b1 exit b2
        "#,
    );
}

#[test]
fn range_defines_its_variables_in_the_body() {
    check(
        r#"
            for k, v := range x.m {
                g(k, v)
            }
            for x.i = range 10 {
            }
            for range x.seq {
                g()
            }
        "#,
        r#"
            b0:
              read x.m
              goto b1
            b1:
              range x.m b2 done b3
            b2:
              define k#3 = key of x.m
              define v#4 = value of x.m
              read k#3
              read v#4
              call g(k, v)
              goto b1
            b3:
              goto b4
            b4:
              range 10 b5 done b6
            b5:
              write x.i = key of 10
              goto b4
            b6:
              read x.seq
              goto b7
            b7:
              range x.seq b8 done b9
            b8:
              call g()
              goto b7
            b9:
              end
            loop b1 exit b3
            loop b4 exit b6
            loop b7 exit b9
        "#,
    );
}

#[test]
fn labels() {
    check(
        r#"
            outer:
            for {
                for range x.m {
                    if g() {
                        continue outer
                    }
                    break outer
                }
                goto done
            }
            done:
            h()
        "#,
        r#"
            b0:
              goto b1
            b1:
              goto b2
            b2:
              goto b4
            b3:
              goto b10
            b4:
              read x.m
              goto b5
            b5:
              range x.m b6 done b7
            b6:
              call g()
              if g() b8 else b9
            b7:
              goto b10
            b8:
              goto b2
            b9:
              goto b3
            b10:
              call h()
              end
            loop b2 exit b3
            loop b5 exit b7
        "#,
    );
}

#[test]
fn a_switch_reads_tag_and_cases_before_it_branches() {
    check(
        r#"
            switch t := g(); t {
            case x.a, 1:
                fallthrough
            case y.b:
                h()
            default:
                break
            }
            after()
        "#,
        r#"
            b0:
              call g()
              define t#3 = g()
              read t#3
              read x.a
              read y.b
              switch t#3 [x.a, 1] b1 [y.b] b2 default b3
            b1:
              goto b2
            b2:
              call h()
              goto b4
            b3:
              goto b4
            b4:
              call after()
              end
        "#,
    );
}

#[test]
fn a_switch_without_default_may_be_passed_by() {
    check(
        r#"
            switch {
            case x.a > 1:
                return
            }
            after()
        "#,
        r#"
            b0:
              read x.a
              switch  [x.a > 1] b1 default b2
            b1:
              return 
            b2:
              call after()
              end
        "#,
    );
}

#[test]
fn a_type_switch_has_a_variable_in_every_clause() {
    check(
        r#"
            switch v := x.any.(type) {
            case int, *T:
                g(v)
            case nil:
                g(v)
            case error:
                g(v)
            }
        "#,
        r#"
            b0:
              read x.any
              typeswitch x.any [2 types] b1 [0 types] b2 [1 types] b3 default b4
            b1:
              define v#3 = x.any
              read v#3
              call g(v)
              goto b4
            b2:
              define v#4 = x.any
              read v#4
              call g(v)
              goto b4
            b3:
              define v#5 = x.any
              read v#5
              call g(v)
              goto b4
            b4:
              end
        "#,
    );
}

#[test]
fn select_reads_operands_before_and_defines_after() {
    check(
        r#"
            select {
            case v, ok := <-x.c:
                g(v, ok)
            case x.v = <-ch:
            case x.out <- h(1):
                break
            default:
                return
            }
            after()
        "#,
        r#"
            b0:
              read x.c
              read ch#2
              read x.out
              call h(1)
              select [<-x.c] b1 [<-ch] b2 [x.out <- h(1)] b3 [default] b4
            b1:
              define v#3 = <-x.c.0
              define ok#4 = <-x.c.1
              read v#3
              read ok#4
              call g(v, ok)
              goto b5
            b2:
              write x.v = <-ch
              goto b5
            b3:
              goto b5
            b4:
              return 
            b5:
              call after()
              end
        "#,
    );
}

#[test]
fn an_empty_select_blocks_for_ever() {
    check(
        r#"
            select {}
            after()
        "#,
        r#"
            b0:
              select 
            b1:
              call after()
              unreachable
        "#,
    );
}

#[test]
fn panic_ends_the_path() {
    check(
        r#"
            if x == nil {
                panic("no x")
            }
            os.Exit(1)
        "#,
        r#"
            b0:
              read x#0
              if x == nil b1 else b2
            b1:
              call panic("no x")
              panic
            b2:
              read os
              call os.Exit(1)
              end
        "#,
    );
}

#[test]
fn a_local_panic_does_not() {
    check(
        r#"
            panic := g
            panic(1)
            after()
        "#,
        r#"
            b0:
              read g
              define panic#3 = g
              read panic#3
              call panic(1)
              call after()
              end
        "#,
    );
}

#[test]
fn code_after_return_is_kept_apart() {
    check(
        r#"
            return
            x.f = 1
        "#,
        r#"
            b0:
              return 
            b1:
              write x.f = 1
              unreachable
        "#,
    );
}

#[test]
fn shadowing_ends_with_the_scope() {
    check(
        r#"
            a := 1
            if a := 2; a > 1 {
                a := 3
                g(a)
            }
            {
                x := a
                g(x)
            }
            g(a, x)
        "#,
        r#"
            b0:
              define a#3 = 1
              define a#4 = 2
              read a#4
              if a > 1 b1 else b2
            b1:
              define a#5 = 3
              read a#5
              call g(a)
              goto b2
            b2:
              read a#3
              define x#6 = a#3
              read x#6
              call g(x)
              read a#3
              read x#0
              call g(a, x)
              end
        "#,
    );
}

#[test]
fn define_assigns_what_the_same_scope_declared() {
    check(
        r#"
            a, b := 1, 2
            b, c := a, b
            x, d := c, b
            {
                b, d := 3, 4
                g(b, d)
            }
            g(d)
        "#,
        r#"
            b0:
              define a#3 = 1
              define b#4 = 2
              read a#3
              read b#4
              write b#4 = a#3
              define c#5 = b#4
              read c#5
              read b#4
              write x#0 = c#5
              define d#6 = b#4
              define b#7 = 3
              define d#8 = 4
              read b#7
              read d#8
              call g(b, d)
              read d#6
              call g(d)
              end
        "#,
    );
}

#[test]
fn a_value_does_not_see_its_own_name() {
    check(
        r#"
            a := func() { a() }
            var g = g
            use(a, g)
        "#,
        r#"
              b0:
                define a#3 = func f literal 1
                read g
                define g#4 = g
                read a#3
                read g#4
                call use(a, g)
                end
            func f literal 1()
              b0:
                call a()
                end
        "#,
    );
}

#[test]
fn a_literal_captures_what_it_uses() {
    check(
        r#"
            a, b, c := 1, 2, 3
            g(func() {
                b := a
                x.f = T{c: b}
                func() { c++ }()
            })
            use(a, b, c)
        "#,
        r#"
              b0:
                define a#3^ = 1
                define b#4 = 2
                define c#5^ = 3
                call g(func() { b := a x.f = T{c: b} func() { c++ }() })
                read a#3^
                read b#4
                read c#5^
                call use(a, b, c)
                end
            func f literal 1()
              b0:
                read a#3^
                define b#6 = a#3^
                read b#6
                write x.f = T{c: b}
                call func() { c++ }()
                end
            func f literal 1 literal 1()
              b0:
                write c#5^ = update
                end
        "#,
    );
}

#[test]
fn local_types_hide_outer_names() {
    check(
        r#"
            type T struct{ next *T }
            var a T
            b := T{}
            g(T(b), a)
        "#,
        r#"
            b0:
              define a#3 = zero
              define b#4 = T{}
              read b#4
              call T(b)
              read a#3
              call g(T(b), a)
              end
        "#,
    );
}
