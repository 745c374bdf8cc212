package fleet

func (b *builder) createRollback() error { return nil }
func (b *builder) createNotices() error  { return nil }
