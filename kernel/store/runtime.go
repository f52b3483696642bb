package store

// RuntimeRoles are the database roles that a module's statements run under, one for each scope of rows. The host tells
// them to packages that give rights to modules, such as package event.
func (db *DB) RuntimeRoles(module string) []string {
	r := db.names.module(module)
	return []string{r.own, r.many, r.all}
}
