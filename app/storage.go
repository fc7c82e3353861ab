package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"tributary/blob"
	"tributary/blob/disk"
	"tributary/blob/s3"
	"tributary/files"
)

// longestFile is what the storage takes at all, in bytes; who takes a file in has
// tighter limits.
const longestFile = 128 << 20

// validateStorage checks what the chosen service needs.
func (c *Config) validateStorage() error {
	switch c.StorageService {
	case disk.Name:
		return nil
	case s3.Amazon:
		switch {
		case c.S3Bucket == "":
			return errors.New("S3_BUCKET_NAME: needed with ACTIVE_STORAGE_SERVICE=amazon")
		case c.AWSRegion == "":
			return errors.New("AWS_REGION: needed with ACTIVE_STORAGE_SERVICE=amazon")
		case (c.AWSAccessKeyID == "") != (c.AWSSecretAccessKey == ""):
			return errors.New("AWS_ACCESS_KEY_ID: is of use only together with AWS_SECRET_ACCESS_KEY")
		}
	case s3.Compatible:
		switch {
		case c.StorageBucket == "":
			return errors.New("STORAGE_BUCKET_NAME: needed with ACTIVE_STORAGE_SERVICE=s3_compatible")
		case !isHTTP(c.StorageEndpoint):
			return errors.New("STORAGE_ENDPOINT: not an http or https address")
		case c.StorageAccessKeyID == "" || c.StorageSecretAccessKey == "":
			return errors.New("STORAGE_ACCESS_KEY_ID and STORAGE_SECRET_ACCESS_KEY: needed with ACTIVE_STORAGE_SERVICE=s3_compatible")
		}
	default:
		return fmt.Errorf("ACTIVE_STORAGE_SERVICE: %q is none of local, amazon, s3_compatible", c.StorageService)
	}
	return nil
}

// openFiles opens the storage: the directory always, because files may be there
// from before a bucket was configured. The bucket is not asked: the program starts
// and receives messages without it.
func (a *App) openFiles() error {
	signer, err := a.keys.newSigner(a.cfg.Now)
	if err != nil {
		return err
	}
	local, err := disk.Open(disk.Options{Dir: filepath.Join(a.cfg.DataDir, storageDir), MaxBytes: longestFile})
	if err != nil {
		return fmt.Errorf("DATA_DIR: %w", err)
	}
	a.onStop("storage", func(context.Context) error { return local.Close() })
	opt := files.Options{Store: a.store, Current: local, Signer: signer, PublicURL: a.cfg.FrontendURL, Now: a.cfg.Now}
	if bucket := a.cfg.bucket(); bucket.Name != disk.Name {
		remote, err := s3.New(bucket)
		if err != nil {
			return fmt.Errorf("ACTIVE_STORAGE_SERVICE: %w", err)
		}
		opt.Current, opt.Others = remote, []blob.Service{local}
	}
	a.files = files.New(opt)
	return nil
}

// bucket is the configured one; its Name is the service's.
func (c *Config) bucket() s3.Options {
	if c.StorageService == s3.Amazon {
		return s3.Options{
			Name: s3.Amazon, Region: c.AWSRegion, Bucket: c.S3Bucket,
			AccessKeyID: c.AWSAccessKeyID, SecretAccessKey: c.AWSSecretAccessKey, MaxBytes: longestFile,
		}
	}
	return s3.Options{
		Name: c.StorageService, Endpoint: c.StorageEndpoint, Region: c.StorageRegion, Bucket: c.StorageBucket,
		AccessKeyID: c.StorageAccessKeyID, SecretAccessKey: c.StorageSecretAccessKey, PathStyle: c.StoragePathStyle, MaxBytes: longestFile,
	}
}
