package cloudsim

// Give puts resources into the cloud that exist without the program, such as a hosted zone. Account and region are those
// of resources that name none. What is already there is left as it is.
func (m *Model) Give(account, region string, given ...Given) error {
	giver := &Sim{model: m, account: account, region: region}
	for _, g := range given {
		there, err := m.has(g)
		if err != nil {
			return err
		}
		if there {
			continue
		}
		if err := giver.seed(g); err != nil {
			return err
		}
	}
	return nil
}

func (m *Model) has(g Given) (bool, error) {
	all, err := m.Resources()
	if err != nil {
		return false, err
	}
	for _, r := range all {
		if r.Given && r.Type == g.Type && (r.ID == g.ID || g.ID == "" && r.Name() == g.Name) {
			return true, nil
		}
	}
	return false, nil
}
