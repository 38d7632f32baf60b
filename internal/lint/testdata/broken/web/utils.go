// and there.
package web
