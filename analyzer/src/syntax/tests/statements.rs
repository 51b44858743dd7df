//! Instructions in Go's order of evaluation, in `func f(x, y *T, ch chan int)`.
//!
//! Locals are printed as `a#3`, those a literal captures as `a#3^`.

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
