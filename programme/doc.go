// Package programme is the annex: what two governments agreed to exchange, as a document that a machine holds them to.
//
// An annex (an [Annex] as it is written) says who sends which records to whom, how often, in which form and units, how
// they are handled, how long they are kept, what was promised and how it is shown. [Parse] reads one, [Compile] makes
// it a [Programme], and the programme checks records, reads tables by a column map, and derives targets, due dates and
// the series of charts. doc/spec/annex.md is the language for those who write annexes.
//
//	annex --Parse--> Annex --Compile--> Programme --Type--> Type --Check--> Record, or faults that name the paragraph
//	                                                         ^
//	           a CSV, XLSX or NDJSON file --Import by a Columns map
//
// The package is pure, as the record is: values in, values out, no clock, no files, no goroutine.
//
// # What is hostile
//
// An annex comes from the other side and is hostile until it is compiled, and so is every record. Sizes, depths and
// counts are bounded in limits.go before anything is done with them; a schema refers to nothing outside itself and its
// references are followed a bounded number of times; patterns are RE2, whose time is linear in the text; formulas have no
// loops. What compiles can be checked in time that its size bounds.
package programme
